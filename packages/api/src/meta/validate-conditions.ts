import type { Condition } from '../generated/meta/v1.ts';
import { append } from './append.ts';
import { duplicate, type FieldError, invalid, notSupported, type Path, required, tooLong } from './field-path.ts';
import { isQualifiedName } from './names.ts';

const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonRegExp = new RegExp(`^${reasonPattern}$`);
const reasonMessage = `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name', or 'MY_NAME', or 'MyName', or 'ReasonA,ReasonB', or 'ReasonA:ReasonB', regex used for validation is '${reasonPattern}')`;

const statuses = ['False', 'True', 'Unknown'];
const maxReasonBytes = 1024;
const maxMessageBytes = 32 * 1024;

/** Errors of a list of `metav1.Condition`: one of each type, every field in its form (KEP-1623). */
export function validateConditions(conditions: readonly Condition[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const types = new Set<string>();
  for (const [i, condition] of (conditions ?? []).entries()) {
    if (types.has(condition.type)) errors.push(duplicate(at.index(i).child('type'), condition.type));
    types.add(condition.type);
    append(errors, validateCondition(condition, at.index(i)));
  }
  return errors;
}

function validateCondition(condition: Condition, at: Path): FieldError[] {
  const { type = '', status = '', reason = '', message = '', observedGeneration = 0, lastTransitionTime } = condition;
  const errors = isQualifiedName(type).map((problem) => invalid(at.child('type'), type, problem));
  if (!statuses.includes(status)) errors.push(notSupported(at.child('status'), status, statuses));
  if (observedGeneration < 0) {
    errors.push(invalid(at.child('observedGeneration'), observedGeneration, 'must be greater than or equal to zero'));
  }
  if (!lastTransitionTime) errors.push(required(at.child('lastTransitionTime'), 'must be set'));
  if (reason === '') errors.push(required(at.child('reason'), 'must be set'));
  else if (!reasonRegExp.test(reason)) errors.push(invalid(at.child('reason'), reason, reasonMessage));
  if (Buffer.byteLength(reason) > maxReasonBytes) errors.push(tooLong(at.child('reason'), maxReasonBytes));
  if (Buffer.byteLength(message) > maxMessageBytes) errors.push(tooLong(at.child('message'), maxMessageBytes));
  return errors;
}
