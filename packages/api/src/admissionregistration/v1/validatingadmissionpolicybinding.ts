import { age, text } from '../../columns.ts';
import type { ValidatingAdmissionPolicyBinding } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { duplicate, type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { repeats } from '../../meta/repeats.ts';
import { matchDefaults, shownParamRef, validateBinding } from './policies.ts';

const actions = ['Audit', 'Deny', 'Warn'];

/** Puts a validating admission policy in force: with which parameters, for which requests, and what is done when it does not hold. */
export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>(
  'admissionregistration/v1',
  {
    kind: 'ValidatingAdmissionPolicyBinding',
    plural: 'validatingadmissionpolicybindings',
    categories: ['api-extensions'],
    namespaced: false,
    allowUnconditionalUpdate: false,
    defaults(it) {
      it.spec ??= {};
      matchDefaults(it.spec.matchResources);
    },
    validate({ spec }, root) {
      const at = root.child('spec');
      return [
        ...validateBinding(spec, at),
        ...validateActions(spec.validationActions ?? [], at.child('validationActions')),
      ];
    },
    columns: [
      text('PolicyName', (it) => it.spec.policyName),
      text('ParamRef', (it) => shownParamRef(it.spec.paramRef)),
      age,
    ],
  },
);

function validateActions(given: readonly string[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const repeated = repeats(given);
  for (const [i, action] of given.entries()) {
    if (!actions.includes(action)) errors.push(notSupported(at.index(i), action, actions));
    if (repeated.has(i)) errors.push(duplicate(at.index(i), action));
  }
  if (given.includes('Deny') && given.includes('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalid(at, given, detail));
  }
  if (given.length === 0) errors.push(required(at, 'at least one validation action is required'));
  return errors;
}
