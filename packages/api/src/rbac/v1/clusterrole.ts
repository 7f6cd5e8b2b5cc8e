import { createdAt } from '../../columns.ts';
import type { ClusterRole } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { required } from '../../meta/field-path.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';
import { isRbacName, validateRules } from './rules.ts';

/** What may be done in the whole cluster or, when bound there, in a namespace. */
export const clusterRole = defineKind<ClusterRole>('rbac/v1', {
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  name: isRbacName,
  validate(it, at) {
    const errors = validateRules(it.rules, false, at.child('rules'));
    for (const [i, selector] of (it.aggregationRule?.clusterRoleSelectors ?? []).entries()) {
      append(errors, validateLabelSelector(selector, at.child('aggregationRule.clusterRoleSelectors').index(i)));
    }
    if (it.aggregationRule && !it.aggregationRule.clusterRoleSelectors?.length) {
      errors.push(
        required(
          at.child('aggregationRule.clusterRoleSelectors'),
          'at least one clusterRoleSelector required if aggregationRule is non-nil',
        ),
      );
    }
    return errors;
  },
  columns: [createdAt],
});
