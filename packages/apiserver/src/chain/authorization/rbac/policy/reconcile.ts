import type { Kind, KubeObject } from '@coracle/api/kind';
import { clone } from '@coracle/api/meta/object';
import { isAlreadyExists } from '@coracle/api/meta/status';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { role } from '@coracle/api/rbac/v1/role';
import { roleBinding } from '@coracle/api/rbac/v1/rolebinding';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject } from '@coracle/api/types/rbac/v1';
import type { ObjectAccess } from '../../../../registry/access.ts';
import { compact, describeRule, uncovered } from '../rules.ts';
import { bootstrapPolicy } from './bootstrap-policy.ts';

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/**
 * Brings the default roles and bindings into the store: creates those that are missing, and gives the others back the rules,
 * subjects, labels and annotations they lost, but takes none away. An object whose autoupdate annotation is `false` is left alone
 * (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#auto-reconciliation).
 */
export async function reconcileBootstrapPolicy(objects: ObjectAccess): Promise<void> {
  const policy = bootstrapPolicy();
  await Promise.all([
    ...policy.clusterRoles.map((wanted) => reconcile(objects, clusterRole, wanted, repairRole)),
    ...policy.roles.map((wanted) => reconcile(objects, role, wanted, repairRole)),
  ]);
  await Promise.all([
    ...policy.clusterRoleBindings.map((wanted) => reconcileBinding(objects, clusterRoleBinding, wanted)),
    ...policy.roleBindings.map((wanted) => reconcileBinding(objects, roleBinding, wanted)),
  ]);
}

async function reconcileBinding<T extends ClusterRoleBinding | RoleBinding>(
  objects: ObjectAccess,
  kind: Kind<T>,
  wanted: T,
): Promise<void> {
  const { name = '', namespace } = wanted.metadata;
  const current = objects.cached(kind, name, namespace);
  const elsewhere =
    current && (current.roleRef.kind !== wanted.roleRef.kind || current.roleRef.name !== wanted.roleRef.name);
  // What a binding refers to cannot be changed: it is made anew.
  if (elsewhere && !isProtected(current)) {
    await objects.delete(kind, name, namespace, { preconditions: { uid: current.metadata.uid } });
  }
  await reconcile(objects, kind, wanted, repairBinding);
}

async function reconcile<T extends KubeObject>(
  objects: ObjectAccess,
  kind: Kind<T>,
  wanted: T,
  repair: (current: T, wanted: T) => boolean,
): Promise<void> {
  const { name = '', namespace } = wanted.metadata;
  const current = objects.cached(kind, name, namespace);
  if (current && (isProtected(current) || !repairs(clone(current), wanted, repair))) return;
  if (!current) {
    try {
      await objects.create(kind, wanted);
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server of the cluster was faster, or the cache is behind
    }
  }
  await objects.update(kind, name, namespace, (latest) =>
    !isProtected(latest) && repairs(latest, wanted, repair) ? latest : undefined,
  );
}

function isProtected(object: KubeObject): boolean {
  return object.metadata.annotations?.[autoUpdate] === 'false';
}

function repairs<T extends KubeObject>(current: T, wanted: T, repair: (current: T, wanted: T) => boolean): boolean {
  let changed = repair(current, wanted);
  for (const field of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries(wanted.metadata[field] ?? {})) {
      if (current.metadata[field]?.[key] !== undefined) continue;
      current.metadata[field] = { ...current.metadata[field], [key]: value };
      changed = true;
    }
  }
  return changed;
}

/** Adds the rules and aggregation selectors that are missing. Says whether there were any. */
export function repairRole(current: Role | ClusterRole, wanted: Role | ClusterRole): boolean {
  let changed = false;
  if ('aggregationRule' in wanted && wanted.aggregationRule) {
    // The rules of an aggregated role are the aggregation controller's.
    const it = current as ClusterRole;
    const selectors = it.aggregationRule?.clusterRoleSelectors ?? [];
    const known = new Set(selectors.map((each) => JSON.stringify(each)));
    const missing = (wanted.aggregationRule.clusterRoleSelectors ?? []).filter(
      (each) => !known.has(JSON.stringify(each)),
    );
    if (missing.length > 0) {
      it.aggregationRule = { clusterRoleSelectors: [...selectors, ...missing] };
      changed = true;
    }
    return changed;
  }
  const missing = compact(uncovered(current.rules ?? [], wanted.rules ?? []));
  if (missing.length > 0) {
    current.rules = [...(current.rules ?? []), ...missing.sort((a, b) => (describeRule(a) < describeRule(b) ? -1 : 1))];
    changed = true;
  }
  return changed;
}

/** Adds the subjects that are missing. Says whether there were any. */
export function repairBinding(
  current: RoleBinding | ClusterRoleBinding,
  wanted: RoleBinding | ClusterRoleBinding,
): boolean {
  const known = new Set((current.subjects ?? []).map(subjectKey));
  const missing = (wanted.subjects ?? []).filter((subject) => !known.has(subjectKey(subject)));
  if (missing.length === 0) return false;
  current.subjects = [...(current.subjects ?? []), ...missing];
  return true;
}

function subjectKey({ kind, namespace = '', name }: Subject): string {
  return `${kind}/${namespace}/${name}`;
}
