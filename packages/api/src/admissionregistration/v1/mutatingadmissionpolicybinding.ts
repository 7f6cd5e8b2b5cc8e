import { age, text } from '../../columns.ts';
import type { MutatingAdmissionPolicyBinding } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { matchDefaults, shownParamRef, validateBinding } from './policies.ts';

/** Puts a mutating admission policy in force: with which parameters, and for which requests. */
export const mutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>('admissionregistration/v1', {
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  allowUnconditionalUpdate: false,
  defaults(it) {
    it.spec ??= {};
    matchDefaults(it.spec.matchResources);
  },
  validate: ({ spec }, at) => validateBinding(spec, at.child('spec')),
  columns: [
    text('PolicyName', (it) => it.spec.policyName),
    text('ParamRef', (it) => shownParamRef(it.spec.paramRef)),
    age,
  ],
});
