import { mutatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/mutatingadmissionpolicy';
import { mutatingAdmissionPolicyBinding } from '@coracle/api/admissionregistration/v1/mutatingadmissionpolicybinding';
import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import { validatingAdmissionPolicyBinding } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicybinding';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { type FieldError, Path } from '@coracle/api/meta/field-path';
import { invalidObject } from '@coracle/api/meta/status';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@coracle/api/types/admissionregistration/v1';
import type { HookTable, ResourceHooks, WriteContext } from '../../registry/strategy.ts';
import {
  type PermissionSurroundings,
  paramKindErrors,
  paramRefErrors,
  type WithParamKind,
  type WithParamRef,
} from './parameter-permission.ts';

type Check<T> = (it: T, old: T | undefined, context: WriteContext) => Promise<FieldError[]>;

/**
 * Refuses what `errors` finds together with what is wrong with the rest, and what its author may not do (`permission`) where nothing is wrong with it.
 */
function hooksOf<T extends KubeObject>(kind: Kind<T>, errors: Check<T>, permission: Check<T>): ResourceHooks {
  const check = async (it: T, old: T | undefined, context: WriteContext) => {
    const found = await errors(it, old, context);
    const others = kind.validate?.(it, new Path()) ?? [];
    if (others.length > 0 && found.length === 0) return undefined; // refused by that
    const all = [...others, ...found];
    const refused = all.length > 0 ? all : await permission(it, old, context);
    if (refused.length > 0) throw invalidObject(kind, it.metadata.name ?? '', refused);
    return undefined;
  };
  return {
    beforeCreate: (object, context) => check(object as T, undefined, context),
    beforeUpdate: (object, old, context) =>
      context.subresource === '' ? check(object as T, old as T, context) : undefined,
  };
}

/** What is special about writing policies and bindings: expressions compile, and parameters are those their authors may read. */
export function policyHooks(around: () => PermissionSurroundings): HookTable {
  const kindRead: Check<WithParamKind> = (it, old, { user }) => paramKindErrors(it, old, user, around());
  const refRead =
    <P extends KubeObject & WithParamKind>(policies: Kind<P>): Check<WithParamRef> =>
    async (it, old, { user, objects }) => {
      const name = it.spec.policyName ?? '';
      const policy = objects.cached(policies, name) ?? (await objects.get(policies, name));
      return paramRefErrors(it, old, policy, user, around());
    };
  const nothing = async () => [];
  const group = 'admissionregistration.k8s.io';
  return {
    [`validatingadmissionpolicies.${group}`]: hooksOf<ValidatingAdmissionPolicy>(
      validatingAdmissionPolicy,
      async (it) => (await import('./expression-errors.ts')).validatingPolicyErrors(it),
      kindRead,
    ),
    [`mutatingadmissionpolicies.${group}`]: hooksOf<MutatingAdmissionPolicy>(
      mutatingAdmissionPolicy,
      async (it) => (await import('./expression-errors.ts')).mutatingPolicyErrors(it),
      kindRead,
    ),
    [`validatingadmissionpolicybindings.${group}`]: hooksOf<ValidatingAdmissionPolicyBinding>(
      validatingAdmissionPolicyBinding,
      nothing,
      refRead(validatingAdmissionPolicy),
    ),
    [`mutatingadmissionpolicybindings.${group}`]: hooksOf<MutatingAdmissionPolicyBinding>(
      mutatingAdmissionPolicyBinding,
      nothing,
      refRead(mutatingAdmissionPolicy),
    ),
  };
}
