import type { RoleBinding } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { bindingColumns } from './binding-columns.ts';
import { bindingDefaults, isRbacName, validateBinding, validateBindingUpdate } from './rules.ts';

/** Grants a role to subjects in one namespace. */
export const roleBinding = defineKind<RoleBinding>('rbac/v1', {
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  name: isRbacName,
  defaults: bindingDefaults,
  validate: (it, at) => validateBinding(it, ['Role', 'ClusterRole'], true, at),
  validateUpdate: validateBindingUpdate,
  columns: bindingColumns,
});
