import { age, count, text } from '../../columns.ts';
import type { MutatingAdmissionPolicy, Mutation } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, notSupported, type Path, required } from '../../meta/field-path.ts';
import { matchDefaults, shownParamKind, validatePolicy } from './policies.ts';

const reinvocationPolicies = ['IfNeeded', 'Never'];
const patchTypes = ['ApplyConfiguration', 'JSONPatch'];
/** The field that says what to do, by patchType. */
const fieldOf: Readonly<Record<string, 'applyConfiguration' | 'jsonPatch'>> = {
  ApplyConfiguration: 'applyConfiguration',
  JSONPatch: 'jsonPatch',
};

/** Expressions that change objects on their way into the store, where a binding puts them in force. */
export const mutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>('admissionregistration/v1', {
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  allowUnconditionalUpdate: false,
  defaults(it) {
    it.spec ??= {};
    it.spec.failurePolicy ??= 'Fail';
    it.spec.reinvocationPolicy ??= 'Never';
    matchDefaults(it.spec.matchConstraints);
  },
  validate({ spec }, root) {
    const at = root.child('spec');
    const { mutations = [], reinvocationPolicy } = spec;
    const errors = validatePolicy(spec, at);
    if (mutations.length === 0)
      errors.push(required(at.child('mutations'), 'mutations must contain at least one item'));
    for (const [i, mutation] of mutations.entries()) {
      append(errors, validateMutation(mutation, at.child('mutations').index(i)));
    }
    if (!reinvocationPolicy) errors.push(required(at.child('reinvocationPolicy')));
    else if (!reinvocationPolicies.includes(reinvocationPolicy)) {
      errors.push(notSupported(at.child('reinvocationPolicy'), reinvocationPolicy, reinvocationPolicies));
    }
    return errors;
  },
  columns: [
    count('Mutations', (it) => it.spec.mutations?.length ?? 0),
    text('ParamKind', (it) => shownParamKind(it.spec.paramKind)),
    age,
  ],
});

function validateMutation(it: Mutation, at: Path): FieldError[] {
  if (!it.patchType) return [required(at.child('patchType'))];
  const wanted = fieldOf[it.patchType];
  if (!wanted) return [notSupported(at.child('patchType'), it.patchType, patchTypes)];
  const errors: FieldError[] = [];
  const other = wanted === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch';
  if (it[other]) errors.push(forbidden(at.child(other), `must not be specified when patchType is ${it.patchType}`));
  if (!it[wanted]) errors.push(required(at.child(wanted), `must be specified when patchType is ${it.patchType}`));
  else if ((it[wanted].expression ?? '').trim() === '') {
    errors.push(required(at.child(wanted).child('expression'), 'expression is not specified'));
  }
  return errors;
}
