import { selectorFrom } from '@coracle/api/meta/labels';
import { deepEqual, keyOf } from '@coracle/api/meta/object';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import type { ClusterRole, PolicyRule } from '@coracle/api/types/rbac/v1';
import { defineController, mapped, type Scope } from '../../controller.ts';

/** Keeps the rules of cluster roles that aggregate others equal to the rules of all they select. */
export const clusterRoleAggregationController = defineController({
  name: 'clusterrole-aggregation-controller',
  aliases: ['clusterrole-aggregation'],
  // Any role may be part of any aggregate, so a change of one touches them all.
  watches: [mapped(clusterRole, (_it, _old, scope) => aggregates(scope))],

  async reconcile(key, { client, listers }) {
    const role = listers.get(clusterRole, key);
    if (!role?.aggregationRule || role.metadata.deletionTimestamp) return;
    const rules = rulesFor(role, listers.list(clusterRole));
    if (deepEqual(rules, role.rules ?? [])) return;
    const { metadata, aggregationRule } = role;
    const body = {
      apiVersion: clusterRole.apiVersion,
      kind: clusterRole.kind,
      metadata: { name: metadata.name },
      rules,
      aggregationRule,
    };
    await client.patch(
      clusterRole,
      metadata.name!,
      undefined,
      { type: 'apply', body },
      { fieldManager: 'clusterrole-aggregation-controller', force: true },
    );
  },
});

function* aggregates({ listers }: Scope): Generator<string> {
  for (const role of listers.list(clusterRole)) if (role.aggregationRule) yield keyOf(role);
}

/** The rules of all roles that the aggregate selects, in order of their names, each once. */
export function rulesFor(aggregate: ClusterRole, roles: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const sorted = [...roles].sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
  for (const selector of (aggregate.aggregationRule?.clusterRoleSelectors ?? []).map(selectorFrom)) {
    for (const role of sorted) {
      if (role.metadata.name === aggregate.metadata.name || !selector.matches(role.metadata.labels)) continue;
      for (const rule of role.rules ?? []) if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
