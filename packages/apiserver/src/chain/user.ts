import { isDns1123Label, isDns1123Subdomain } from '@coracle/api/meta/names';
import type { UserInfo } from './link.ts';

/** What authorization looks at of a user; every `UserInfo` is one. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Members may do everything; the only group the server knows before any RBAC object exists. */
export const mastersGroup = 'system:masters';
export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
export const nodesGroup = 'system:nodes';
export const serviceAccountsGroup = 'system:serviceaccounts';

export const anonymousUser: Readonly<UserInfo> = {
  name: 'system:anonymous',
  uid: '',
  groups: [unauthenticatedGroup],
  extra: {},
};

/** The API server itself: what its own post-start work and in-process clients act as. */
export const apiServerUser: Readonly<UserInfo> = {
  name: 'system:apiserver',
  uid: '',
  groups: [mastersGroup, authenticatedGroup],
  extra: {},
};

const serviceAccountPrefix = 'system:serviceaccount:';

/** The user name of a service account: `system:serviceaccount:<namespace>:<name>`. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `${serviceAccountPrefix}${namespace}:${name}`;
}

/** The groups every service account of a namespace belongs to, `system:authenticated` not among them. */
export function serviceAccountGroups(namespace: string): string[] {
  return [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`];
}

/** The service account behind a user name; undefined when the name is not a service account's. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace = '', name = '', ...rest] = username.slice(serviceAccountPrefix.length).split(':');
  if (rest.length > 0 || isDns1123Label(namespace).length > 0 || isDns1123Subdomain(name).length > 0) return undefined;
  return { namespace, name };
}

const nodePrefix = 'system:node:';

/** The node behind a user: its name must start with `system:node:` and it must be in `system:nodes`. */
export function nodeOf(user: User): string | undefined {
  if (!user.name.startsWith(nodePrefix) || !user.groups.includes(nodesGroup)) return undefined;
  return user.name.slice(nodePrefix.length);
}
