import { age, text, wide } from '../../columns.ts';
import type { RoleBinding } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { invalid } from '../../meta/field-path.ts';
import { deepEqual } from '../../meta/object.ts';
import { bindingDefaults, isRbacName, validateBinding } from './rules.ts';
import { subjectColumns } from './subject-columns.ts';

/** Grants a role to subjects in one namespace. */
export const roleBinding = defineKind<RoleBinding>('rbac/v1', {
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  name: isRbacName,
  defaults: bindingDefaults,
  validate: (it, at) => validateBinding(it, ['Role', 'ClusterRole'], true, at),
  validateUpdate(it, old, at) {
    return deepEqual(it.roleRef, old.roleRef)
      ? []
      : [invalid(at.child('roleRef'), it.roleRef, 'cannot change roleRef')];
  },
  columns: [
    text('Role', (it) => `${it.roleRef.kind}/${it.roleRef.name}`, 'The role it grants.'),
    age,
    ...subjectColumns.map(wide),
  ],
});
