import { goQuoted } from '@coracle/api/codec/go-text';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '@coracle/api/types/rbac/v1';
import { serviceAccountUsername, type User } from '../../user.ts';

/** The rules one binding gives to a user. */
export interface Grant {
  /** Which binding of which role to which subject, as the reason of a decision says it. */
  readonly source: string;
  readonly rules: readonly PolicyRule[];
  /** Set instead of rules: the role, which does not exist. */
  readonly lost?: RoleRef;
}

interface Bound {
  readonly binding: ClusterRoleBinding | RoleBinding;
  readonly subject: Subject;
  /** Which of the binding's subjects it is. */
  readonly position: number;
}

/**
 * All roles and bindings of the cluster, held so that a user's grants are found without looking at the bindings of others. Fed by
 * the caches of the four resources; what it answers is as new as they are.
 */
export class RbacIndex {
  readonly #clusterRoles = new Map<string, ClusterRole>();
  readonly #roles = new Map<string, Role>();
  readonly #bindings = new Map<string, ClusterRoleBinding | RoleBinding>();
  /** Scope (a namespace, or '' for the cluster), then subject, then what binds it. */
  readonly #bound = new Map<string, Map<string, Bound[]>>();
  #generation = 0;

  /** Rises with every change: what was computed at an older generation is stale. */
  get generation(): number {
    return this.#generation;
  }

  setClusterRole(name: string, role: ClusterRole | undefined): void {
    this.#generation++;
    set(this.#clusterRoles, name, role);
  }

  setRole(namespace: string, name: string, role: Role | undefined): void {
    this.#generation++;
    set(this.#roles, `${namespace}/${name}`, role);
  }

  setClusterRoleBinding(name: string, binding: ClusterRoleBinding | undefined): void {
    this.#setBinding('', name, binding);
  }

  setRoleBinding(namespace: string, name: string, binding: RoleBinding | undefined): void {
    this.#setBinding(namespace, name, binding);
  }

  #setBinding(scope: string, name: string, binding: ClusterRoleBinding | RoleBinding | undefined): void {
    this.#generation++;
    const key = `${scope}/${name}`;
    const bound = this.#bound.get(scope) ?? new Map<string, Bound[]>();
    this.#bound.set(scope, bound);
    for (const subject of this.#bindings.get(key)?.subjects ?? []) {
      const subjectKey = keyOf(subject, scope);
      const rest = bound.get(subjectKey)?.filter((each) => each.binding.metadata.name !== name) ?? [];
      if (rest.length > 0) bound.set(subjectKey, rest);
      else bound.delete(subjectKey);
    }
    set(this.#bindings, key, binding);
    for (const [position, subject] of (binding?.subjects ?? []).entries()) {
      if (!binding) break;
      const subjectKey = keyOf(subject, scope);
      const list = bound.get(subjectKey);
      if (list) list.push({ binding, subject, position });
      else bound.set(subjectKey, [{ binding, subject, position }]);
    }
    if (bound.size === 0) this.#bound.delete(scope);
  }

  /** What bindings of a scope (a namespace, or '' for cluster role bindings) grant a user: each once, by the first of its subjects that is the user. */
  grants(user: User, scope: string): Grant[] {
    const bound = this.#bound.get(scope);
    if (!bound) return [];
    const keys = [`User:${user.name}`, ...new Set(user.groups.map((group) => `Group:${group}`))];
    const first = new Map<Bound['binding'], Bound>();
    for (const each of keys.flatMap((key) => bound.get(key) ?? [])) {
      if (each.position < (first.get(each.binding)?.position ?? Number.POSITIVE_INFINITY))
        first.set(each.binding, each);
    }
    return [...first.values()].map((each) => this.#grant(each, scope));
  }

  #grant({ binding, subject }: Bound, scope: string): Grant {
    const { roleRef, metadata } = binding;
    const [kind, name] =
      scope === '' ? ['ClusterRoleBinding', `${metadata.name}`] : ['RoleBinding', `${metadata.name}/${scope}`];
    const source = `${kind} "${name}" of ${roleRef.kind} "${roleRef.name}" to ${describeSubject(subject, scope)}`;
    const rules = this.rulesOf(roleRef, scope);
    return rules ? { source, rules } : { source, rules: [], lost: roleRef };
  }

  /** The rules of the role a binding in a scope refers to; undefined: it does not exist. */
  rulesOf(ref: RoleRef, scope: string): PolicyRule[] | undefined {
    if (ref.kind !== 'ClusterRole' && ref.kind !== 'Role') return undefined;
    const role =
      ref.kind === 'ClusterRole' ? this.#clusterRoles.get(ref.name) : this.#roles.get(`${scope}/${ref.name}`);
    return role && (role.rules ?? []);
  }
}

/** That a role does not exist, as upstream words it: by its `kind` where authorizers look for it, by its `resource` where writes do. */
export function lostRole({ kind, name }: RoleRef, form: 'kind' | 'resource'): string {
  if (kind !== 'ClusterRole' && kind !== 'Role') return `unsupported role reference kind: ${goQuoted(kind)}`;
  return `${kind.toLowerCase()}${form === 'kind' ? '' : 's'}.rbac.authorization.k8s.io ${goQuoted(name)} not found`;
}

function set<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** A subject as users and groups are looked up. A service account without a namespace is one of the binding's own. */
function keyOf(subject: Subject, scope: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind}:${subject.name}`;
  return `User:${serviceAccountUsername(subject.namespace || scope, subject.name)}`;
}

function describeSubject(subject: Subject, scope: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind} "${subject.name}"`;
  return `ServiceAccount "${subject.name}/${subject.namespace || scope}"`;
}
