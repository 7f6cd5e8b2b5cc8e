import type { KubeObject } from '@coracle/api/kind';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@coracle/api/types/rbac/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import { RbacAuthorizer } from '../../chain/authorization/rbac/authorizer.ts';
import {
  checkBindingWrite,
  checkRoleWrite,
  type EscalationContext,
} from '../../chain/authorization/rbac/escalation.ts';
import type { RbacIndex } from '../../chain/authorization/rbac/index.ts';
import type { HookTable, ResourceHooks, WriteContext } from '../strategy.ts';

const group = 'rbac.authorization.k8s.io';

/** What the hooks decide with; without an index RBAC is off, and whoever may write a role may write any. */
export interface RbacSurroundings {
  readonly authorizer: Authorizer;
  readonly rbac: RbacIndex | undefined;
}

/** Nobody gains permissions by writing roles and bindings that they do not hold. */
export function rbacHooks(surroundings: () => RbacSurroundings): HookTable {
  let made: { index: RbacIndex; rbac: RbacAuthorizer } | undefined;
  const contextOf = ({ metadata }: KubeObject, { user, verb }: WriteContext): EscalationContext | undefined => {
    const { authorizer, rbac: index } = surroundings();
    if (!index) return undefined;
    if (made?.index !== index) made = { index, rbac: new RbacAuthorizer(index) };
    return { user, requestName: verb === 'create' ? '' : (metadata.name ?? ''), authorizer, ...made };
  };
  const roleHooks = (resource: 'roles' | 'clusterroles'): ResourceHooks<Role | ClusterRole> => {
    const check = async (role: Role | ClusterRole, write: WriteContext, old?: Role | ClusterRole) => {
      const context = contextOf(role, write);
      if (context) await checkRoleWrite(context, resource, role, old);
      return undefined;
    };
    return {
      beforeCreate: (role, context) => check(role, context),
      beforeUpdate: (role, old, context) => check(role, context, old),
    };
  };
  const bindingHooks = (
    resource: 'rolebindings' | 'clusterrolebindings',
  ): ResourceHooks<RoleBinding | ClusterRoleBinding> => {
    const check = async (
      binding: RoleBinding | ClusterRoleBinding,
      write: WriteContext,
      old?: RoleBinding | ClusterRoleBinding,
    ) => {
      const context = contextOf(binding, write);
      if (context) await checkBindingWrite(context, resource, binding, old);
      return undefined;
    };
    return {
      beforeCreate: (binding, context) => check(binding, context),
      beforeUpdate: (binding, old, context) => check(binding, context, old),
    };
  };
  return {
    [`roles.${group}`]: roleHooks('roles'),
    [`clusterroles.${group}`]: roleHooks('clusterroles'),
    [`rolebindings.${group}`]: bindingHooks('rolebindings'),
    [`clusterrolebindings.${group}`]: bindingHooks('clusterrolebindings'),
  };
}
