import { createdAt } from '../../columns.ts';
import type { Role } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';

import { isRbacName, validateRules } from './rules.ts';

/** What may be done in one namespace. */
export const role = defineKind<Role>('rbac/v1', {
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  name: isRbacName,
  validate(it, at) {
    const errors = validateRules(it.rules, true, at.child('rules'));
    return errors;
  },
  columns: [createdAt],
});
