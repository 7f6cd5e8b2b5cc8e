import { internalError } from '@coracle/api/meta/status';
import { withAuthenticatedGroup } from './authentication/index.ts';
import { decoded, values } from './authentication/request-header.ts';
import type { Authorizer } from './authorization/authorizer.ts';
import { forbiddenRequest } from './authorization/forbidden.ts';
import type { Link, RequestContext, UserInfo } from './link.ts';
import { anonymousUser, serviceAccountGroups, serviceAccountOf, unauthenticatedGroup } from './user.ts';

const extraPrefix = 'impersonate-extra-';

/** What the Impersonate- headers of a request ask for. */
interface Wish {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/**
 * The link that lets a user act as another, where the `impersonate` verb on users, groups, service accounts, uids and userextras
 * allows each part of it (https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/).
 */
export function impersonation(authorizer: Authorizer): Link {
  return async (context, next) => {
    const wish = wishOf(context.req.headers);
    if (wish) {
      await check(context, wish, authorizer);
      context.impersonator = context.user;
      context.user = userOf(wish);
      for (const header of Object.keys(context.req.headers)) {
        if (header.startsWith('impersonate-')) delete context.req.headers[header];
      }
    }
    await next();
  };
}

function wishOf(headers: NodeJS.Dict<string | string[]>): Wish | undefined {
  const [name = ''] = values(headers['impersonate-user']);
  const [uid = ''] = values(headers['impersonate-uid']);
  const groups = values(headers['impersonate-group']);
  const extra: Record<string, string[]> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (header.startsWith(extraPrefix)) extra[decoded(header.slice(extraPrefix.length))] = values(value);
  }
  if (name !== '') return { name, uid, groups, extra };
  if (groups.length === 0 && Object.keys(extra).length === 0 && uid === '') return undefined;
  const wish = `uid=${uid}, groups=[${groups.join(' ')}], extra=${JSON.stringify(extra)}`;
  throw internalError(new Error(`requested ${wish} without impersonating a user name`));
}

async function check({ user }: RequestContext, wish: Wish, authorizer: Authorizer): Promise<void> {
  const ask = async (
    resource: string,
    name: string,
    more: { group?: string; namespace?: string; subresource?: string } = {},
  ) => {
    const { group = '', namespace = '', subresource = '' } = more;
    const attributes = { user, verb: 'impersonate', group, version: 'v1', resource, subresource, namespace, name };
    const decision = await authorizer.authorize(attributes);
    if (decision.decision !== 'allow') throw forbiddenRequest(attributes, decision.reason);
  };
  const group = 'authentication.k8s.io';
  const account = serviceAccountOf(wish.name);
  if (account) await ask('serviceaccounts', account.name, { namespace: account.namespace });
  else await ask('users', wish.name);
  for (const name of wish.groups) await ask('groups', name);
  for (const [key, each] of Object.entries(wish.extra)) {
    for (const value of each) await ask('userextras', value, { group, subresource: key });
  }
  if (wish.uid !== '') await ask('uids', wish.uid, { group });
}

function userOf({ name, uid, groups, extra }: Wish): UserInfo {
  const account = serviceAccountOf(name);
  const user: UserInfo = {
    name,
    uid,
    groups: account && groups.length === 0 ? serviceAccountGroups(account.namespace) : [...groups],
    extra: Object.fromEntries(Object.entries(extra).map(([key, each]) => [key, [...each]])),
  };
  if (name !== anonymousUser.name) return withAuthenticatedGroup(user);
  return user.groups.includes(unauthenticatedGroup)
    ? user
    : { ...user, groups: [...user.groups, unauthenticatedGroup] };
}
