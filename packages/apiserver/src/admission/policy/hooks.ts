import { mutatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/mutatingadmissionpolicy';
import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { type FieldError, findErrors, type Path } from '@coracle/api/meta/field-path';
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '@coracle/api/types/admissionregistration/v1';
import type { HookTable, ResourceHooks } from '../../registry/strategy.ts';
import {
  type PermissionSurroundings,
  paramKindErrors,
  paramRefErrors,
  type WithParamKind,
  type WithParamRef,
} from './parameter-permission.ts';

/** What is special about writing policies and bindings: expressions compile, and parameters are those their authors may read. */
export function policyHooks(around: () => PermissionSurroundings): HookTable {
  const ofPolicy = <T extends KubeObject & WithParamKind>(
    load: () => Promise<(it: T, at: Path) => FieldError[]>,
  ): ResourceHooks => ({
    async errors(object, old, { subresource, user }, found) {
      if (subresource !== '') return [];
      const expressionErrors = await load();
      const wrong = findErrors((at) => expressionErrors(object as T, at));
      // Who may write it is asked of what is right in itself.
      if (found.length > 0 || wrong.length > 0) return wrong;
      return paramKindErrors(object as T, old as T | undefined, user, around());
    },
  });
  const ofBinding = <P extends KubeObject & WithParamKind>(policies: Kind<P>): ResourceHooks => ({
    async errors(object, old, { user, objects }, found) {
      const binding = object as KubeObject & WithParamRef;
      if (found.length > 0 || !binding.spec.paramRef) return [];
      const policy = await objects.lookUp(policies, binding.spec.policyName ?? '');
      return paramRefErrors(binding, old as typeof binding | undefined, policy, user, around());
    },
  });
  const group = 'admissionregistration.k8s.io';
  return {
    [`validatingadmissionpolicies.${group}`]: ofPolicy<ValidatingAdmissionPolicy>(
      async () => (await import('./expression-errors.ts')).validatingPolicyErrors,
    ),
    [`mutatingadmissionpolicies.${group}`]: ofPolicy<MutatingAdmissionPolicy>(
      async () => (await import('./expression-errors.ts')).mutatingPolicyErrors,
    ),
    [`validatingadmissionpolicybindings.${group}`]: ofBinding(validatingAdmissionPolicy),
    [`mutatingadmissionpolicybindings.${group}`]: ofBinding(mutatingAdmissionPolicy),
  };
}
