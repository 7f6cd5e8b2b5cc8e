import { Path } from '@coracle/api/meta/field-path';
import { isDns1123Subdomain } from '@coracle/api/meta/names';
import { validateDomainPrefixedPath } from '@coracle/api/meta/validate-path';
import { withAuthenticatedGroup } from '../authentication/index.ts';
import type { Attributes, Authorizer, ResourceAttributes } from '../authorization/authorizer.ts';
import { forbiddenRequest } from '../authorization/forbidden.ts';
import type { UserInfo } from '../link.ts';
import {
  anonymousUser,
  mastersGroup,
  nodesGroup,
  serviceAccountGroups,
  serviceAccountOf,
  type User,
  unauthenticatedGroup,
} from '../user.ts';
import { isOnlyName, type Wish } from './wish.ts';

const authentication = 'authentication.k8s.io';
const nodePrefix = 'system:node:';
const nodeNameKey = 'authentication.kubernetes.io/node-name';
const associatedNodeKeys = 'authentication.kubernetes.io/associated-node-keys';

/** From so many groups, or values of extra fields, on it is first asked whether any will do. */
const many = 4;

/** A way to be allowed to act as somebody else. */
export interface ImpersonationMode {
  /** What metrics call it. */
  readonly name: string;
  /** The verb that allows the identity; audit names it, but for the oldest one. */
  readonly verb: string;
  /** What is asked beside it about the request itself; undefined: nothing. */
  readonly on?: string;
  applies(wish: Wish, requestor: User): boolean;
  /** What authorizers are asked, where that is not what the request says. */
  readonly asked?: (attributes: Attributes) => Attributes;
}

/**
 * The modes, the narrowest first: those that allow an identity for some requests only (https://kep.k8s.io/5284), then the one that allows it for all.
 */
export const impersonationModes: readonly ImpersonationMode[] = [
  constrained('associated-node', (wish, requestor) => isOnlyName(wish) && isOwnNode(wish.name, requestor), asAnyNode),
  constrained('arbitrary-node', (wish) => isOnlyName(wish) && nodeIn(wish.name) !== undefined),
  constrained('serviceaccount', (wish) => isOnlyName(wish) && serviceAccountOf(wish.name) !== undefined),
  constrained('user-info', ({ name }) => nodeIn(name) === undefined && serviceAccountOf(name) === undefined),
  { name: 'legacy', verb: 'impersonate', applies: () => true },
];

function constrained(
  mode: string,
  applies: ImpersonationMode['applies'],
  asked?: ImpersonationMode['asked'],
): ImpersonationMode {
  return {
    name: mode,
    verb: `impersonate:${mode}`,
    on: `impersonate-on:${mode}`,
    applies,
    ...(asked ? { asked } : {}),
  };
}

/** Whom a mode lets the requestor be for a request. Throws the 403 of the first thing that is not allowed. */
export async function impersonated(
  mode: ImpersonationMode,
  wish: Wish,
  attributes: Attributes,
  authorizer: Authorizer,
): Promise<UserInfo> {
  const { verb, on, asked = (it) => it } = mode;
  const require = async (wanted: Attributes) => {
    const question = asked(wanted);
    const { decision, reason, failure } = await authorizer.authorize(question);
    const why = [failure, reason].filter((each) => each);
    if (decision !== 'allow') throw forbiddenRequest(question, why.join(': '));
  };
  if (on) await require({ ...attributes, verb: `${on}:${attributes.verb}` });
  const about = (resource: string, group: string, more: Partial<ResourceAttributes> = {}): ResourceAttributes => ({
    user: attributes.user,
    verb,
    group,
    version: 'v1',
    resource,
    subresource: '',
    namespace: '',
    name: '',
    ...more,
  });
  const identities = on ? authentication : '';
  const node = on ? nodeIn(wish.name) : undefined;
  const account = serviceAccountOf(wish.name);
  if (account) await require(about('serviceaccounts', identities, account));
  else if (node !== undefined) await require(about('nodes', identities, { name: node }));
  else await require(about('users', identities, { name: wish.name }));
  if (wish.uid !== '') await require(about('uids', authentication, { name: wish.uid }));
  await requireGroups(wish.groups, on !== undefined, (name) => about('groups', identities, { name }), require);
  await requireExtra(
    wish.extra,
    on !== undefined,
    (subresource, name) => about('userextras', authentication, { subresource, name }),
    require,
  );
  return userOf(wish, node === undefined ? [] : [nodesGroup]);
}

type Require = (attributes: Attributes) => Promise<void>;

async function requireGroups(
  groups: readonly string[],
  isConstrained: boolean,
  about: (name: string) => Attributes,
  require: Require,
): Promise<void> {
  if (isConstrained) {
    if (groups.includes('')) throw forbiddenRequest(about(''), 'impersonating the empty string group is not allowed');
    if (groups.includes(mastersGroup)) {
      throw forbiddenRequest(about(mastersGroup), 'impersonating the system:masters group is not allowed');
    }
    if (groups.length >= many && (await holds(require, about('*')))) return;
  }
  for (const name of groups) await require(about(name));
}

async function requireExtra(
  extra: Wish['extra'],
  isConstrained: boolean,
  about: (key: string, value: string) => Attributes,
  require: Require,
): Promise<void> {
  if (isConstrained) {
    const problem = problemOf(extra);
    if (problem !== undefined) throw forbiddenRequest(about('', ''), problem);
    if (Object.values(extra).flat().length >= many && (await holds(require, about('*', '*')))) return;
  }
  for (const [key, all] of Object.entries(extra)) for (const value of all) await require(about(key, value));
}

async function holds(require: Require, attributes: Attributes): Promise<boolean> {
  return require(attributes).then(
    () => true,
    () => false, // then each has to be allowed by itself
  );
}

function problemOf(extra: Wish['extra']): string | undefined {
  for (const [key, all] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const [error] = validateDomainPrefixedPath(key, new Path('extra').child('key'));
    if (error) return `impersonating an invalid key in extra is not allowed: ${error.field}: ${error.message}`;
    if (key !== key.toLowerCase()) {
      return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`;
    }
    if (all.length === 0) return 'impersonating empty values in extra is not allowed';
    if (all.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}

/** The node of a user name; undefined where it is none's. */
function nodeIn(username: string): string | undefined {
  if (!username.startsWith(nodePrefix)) return undefined;
  const name = username.slice(nodePrefix.length);
  return isDns1123Subdomain(name).length === 0 ? name : undefined;
}

/** Whether the requestor is a service account whose token is bound to the node, or to a pod on it. */
function isOwnNode(username: string, requestor: User): boolean {
  const node = nodeIn(username);
  const [bound, ...others] = requestor.extra?.[nodeNameKey] ?? [];
  return node !== undefined && serviceAccountOf(requestor.name) !== undefined && bound === node && others.length === 0;
}

/** What is allowed for one's own node is allowed for whichever that is: neither its name nor what names it is asked about. */
function asAnyNode(attributes: Attributes): Attributes {
  const user = { ...attributes.user, extra: { [associatedNodeKeys]: Object.keys(attributes.user.extra ?? {}).sort() } };
  if (attributes.path !== undefined || attributes.verb !== 'impersonate:associated-node')
    return { ...attributes, user };
  return { ...attributes, user, name: '*' };
}

function userOf({ name, uid, groups, extra }: Wish, ofNode: readonly string[]): UserInfo {
  const account = serviceAccountOf(name);
  const given = account && groups.length === 0 ? serviceAccountGroups(account.namespace) : groups;
  const user: UserInfo = {
    name,
    uid,
    groups: [...given, ...ofNode],
    extra: Object.fromEntries(Object.entries(extra).map(([key, each]) => [key, [...each]])),
  };
  if (name !== anonymousUser.name) return withAuthenticatedGroup(user);
  return user.groups.includes(unauthenticatedGroup)
    ? user
    : { ...user, groups: [...user.groups, unauthenticatedGroup] };
}
