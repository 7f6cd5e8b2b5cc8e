import { mutatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/mutatingadmissionpolicy';
import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { type FieldError, Path } from '@coracle/api/meta/field-path';
import { invalidObject } from '@coracle/api/meta/status';
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '@coracle/api/types/admissionregistration/v1';
import type { HookTable, ResourceHooks, WriteContext } from '../../registry/strategy.ts';

/** A policy whose expressions do not compile is refused, with what is wrong with the rest of it. */
function hooksOf<T extends KubeObject>(
  kind: Kind<T>,
  expressionErrors: (it: T) => Promise<FieldError[]>,
): ResourceHooks {
  const check = async (object: KubeObject) => {
    const errors = await expressionErrors(object as T);
    if (errors.length === 0) return undefined;
    const others = kind.validate?.(object as T, new Path()) ?? [];
    throw invalidObject(kind, object.metadata.name ?? '', [...others, ...errors]);
  };
  return {
    beforeCreate: check,
    beforeUpdate: (object: KubeObject, _old: KubeObject, context: WriteContext) =>
      context.subresource === '' ? check(object) : undefined,
  };
}

/** What is special about writing policies. */
export const policyHooks: HookTable = {
  'validatingadmissionpolicies.admissionregistration.k8s.io': hooksOf<ValidatingAdmissionPolicy>(
    validatingAdmissionPolicy,
    async (it) => (await import('./expression-errors.ts')).validatingPolicyErrors(it),
  ),
  'mutatingadmissionpolicies.admissionregistration.k8s.io': hooksOf<MutatingAdmissionPolicy>(
    mutatingAdmissionPolicy,
    async (it) => (await import('./expression-errors.ts')).mutatingPolicyErrors(it),
  ),
};
