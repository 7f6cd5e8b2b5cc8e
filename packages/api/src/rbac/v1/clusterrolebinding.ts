import { age, text, wide } from '../../columns.ts';
import type { ClusterRoleBinding } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { invalid } from '../../meta/field-path.ts';
import { deepEqual } from '../../meta/object.ts';
import { bindingDefaults, isRbacName, validateBinding } from './rules.ts';
import { subjectColumns } from './subject-columns.ts';

/** Grants a cluster role to subjects everywhere. */
export const clusterRoleBinding = defineKind<ClusterRoleBinding>('rbac/v1', {
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  name: isRbacName,
  defaults: bindingDefaults,
  validate: (it, at) => validateBinding(it, ['ClusterRole'], false, at),
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
