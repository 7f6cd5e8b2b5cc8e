import { goQuoted } from '@coracle/api/codec/go-text';
import type { KubeObject } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import { aggregate, forbiddenError, notFoundError } from '@coracle/api/meta/status';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '@coracle/api/types/rbac/v1';
import { mastersGroup, type User } from '../../user.ts';
import type { Authorizer } from '../authorizer.ts';
import type { RbacAuthorizer } from './authorizer.ts';
import { lostRole, type RbacIndex } from './index.ts';
import { compact, describeRule, quoted, uncovered } from './rules.ts';

const group = 'rbac.authorization.k8s.io';

/** What the checks below decide with. */
export interface EscalationContext {
  readonly user: User;
  /** The name in the path of the request; a create has none, even where its object does. */
  readonly requestName: string;
  /** The server's whole authorization, asked for the `escalate` and `bind` verbs. */
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly index: RbacIndex;
}

/**
 * Nobody may write a role with permissions they do not hold, unless the `escalate` verb on the role lets them. `old` is the role
 * before an update: a change of owners and finalizers alone is not looked at. Throws 403 with the missing rules.
 */
export async function checkRoleWrite(
  context: EscalationContext,
  resource: 'roles' | 'clusterroles',
  role: Role | ClusterRole,
  old?: Role | ClusterRole,
): Promise<void> {
  if (context.user.groups.includes(mastersGroup)) return;
  const name = role.metadata.name ?? '';
  const namespace = role.metadata.namespace ?? '';
  if (old && onlyCollected(role, old)) return;
  if (await mayUse(context, 'escalate', resource, namespace, context.requestName)) return;
  const missing = missingRights(context, role.rules ?? [], namespace);
  if (missing !== undefined) throw forbiddenError({ group, resource }, name, missing);
  if (!isAggregated(role) && !(old && isAggregated(old))) return;
  const everything: PolicyRule[] = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ];
  if (missingRights(context, everything, '') !== undefined) {
    throw forbiddenError({ group, resource }, name, 'must have cluster-admin privileges to use the aggregationRule');
  }
}

/** What an aggregation rule without selectors gathers is nothing. */
function isAggregated(role: Role | ClusterRole): boolean {
  return 'aggregationRule' in role && (role.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}

/** Whether an update changes no more than what garbage collection goes by, so that all can be collected. */
function onlyCollected(now: KubeObject, before: KubeObject): boolean {
  const rest = ({ metadata, ...others }: KubeObject) => {
    const {
      ownerReferences: _owners,
      finalizers: _finalizers,
      managedFields: _fields,
      resourceVersion: _,
      ...kept
    } = metadata;
    return { ...others, metadata: kept };
  };
  return deepEqual(rest(now), rest(before));
}

/**
 * Nobody may bind a role whose permissions they do not hold, unless the `bind` verb on the role lets them. Throws 403 with the
 * missing rules, 404 when the role does not exist.
 */
export async function checkBindingWrite(
  context: EscalationContext,
  resource: 'rolebindings' | 'clusterrolebindings',
  binding: RoleBinding | ClusterRoleBinding,
  old?: RoleBinding | ClusterRoleBinding,
): Promise<void> {
  if (context.user.groups.includes(mastersGroup)) return;
  const { roleRef, metadata } = binding;
  const namespace = resource === 'rolebindings' ? (metadata.namespace ?? '') : '';
  if (old && onlyCollected(binding, old)) return;
  const bound = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  if (await mayUse(context, 'bind', bound, namespace, roleRef.name)) return;
  const rules = context.index.rulesOf(roleRef, namespace);
  if (!rules) throw notFoundError({ group, resource: bound }, roleRef.name);
  const missing = missingRights(context, rules, namespace);
  if (missing !== undefined) throw forbiddenError({ group, resource }, metadata.name ?? '', missing);
}

async function mayUse(
  context: EscalationContext,
  verb: string,
  resource: string,
  namespace: string,
  name: string,
): Promise<boolean> {
  const { user, authorizer } = context;
  const attributes = { user, verb, group, version: '*', resource, subresource: '', namespace, name };
  return (await authorizer.authorize(attributes)).decision === 'allow';
}

/** What the user lacks of the rules, in the words of the refusal; undefined when nothing is missing. */
function missingRights(
  { user, rbac }: EscalationContext,
  wanted: readonly PolicyRule[],
  namespace: string,
): string | undefined {
  const { rules, lost } = rbac.rules(user, namespace);
  const missing = uncovered(rules, wanted);
  if (missing.length === 0) return undefined;
  const lines = [...new Set(compact(missing).map(describeRule))].sort();
  const who = `user ${goQuoted(user.name)} (groups=${quoted(user.groups)})`;
  const message = `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}`;
  const errors = lost.map((role) => lostRole(role, 'resource'));
  return errors.length === 0 ? message : `${message}; resolution errors: [${aggregate(errors)}]`;
}
