import type { ClusterRoleBinding } from '../../generated/rbac/v1.ts';
import { defineKind } from '../../kind.ts';
import { bindingColumns } from './binding-columns.ts';
import { bindingDefaults, isRbacName, validateBinding, validateBindingUpdate } from './rules.ts';

/** Grants a cluster role to subjects everywhere. */
export const clusterRoleBinding = defineKind<ClusterRoleBinding>('rbac/v1', {
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  name: isRbacName,
  defaults: bindingDefaults,
  validate: (it, at) => validateBinding(it, ['ClusterRole'], false, at),
  validateUpdate: validateBindingUpdate,
  columns: bindingColumns,
});
