import type { FieldSelectorRequirement, LabelSelector, LabelSelectorRequirement } from '../generated/meta/v1.ts';
import { append } from './append.ts';
import { type FieldError, forbidden, invalid, type Path, required } from './field-path.ts';
import { isLabelValue, isQualifiedName } from './names.ts';

/** Errors of a label selector in object form, by field. */
export function validateLabelSelector(selector: LabelSelector | undefined, at: Path): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, at.child('matchLabels'));
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    append(errors, validateLabelRequirement(requirement, at.child('matchExpressions').index(i)));
  }
  return errors;
}

/** Errors of one requirement of a label selector. `withUnknown`: operators of later versions are let through. */
export function validateLabelRequirement(
  { key = '', operator = '', values = [] }: Partial<LabelSelectorRequirement>,
  at: Path,
  { withUnknown = false } = {},
): FieldError[] {
  const errors = operatorProblems(operator, values, at, withUnknown);
  for (const message of isQualifiedName(key)) errors.push(invalid(at.child('key'), key, message));
  for (const [i, value] of values.entries()) {
    for (const message of isLabelValue(value)) errors.push(invalid(at.child('values').index(i), value, message));
  }
  return errors;
}

/** Errors of one requirement of a field selector in object form; operators of later versions are let through. */
export function validateFieldRequirement(
  { key = '', operator = '', values = [] }: Partial<FieldSelectorRequirement>,
  at: Path,
): FieldError[] {
  const errors = key === '' ? [required(at.child('key'), 'must be specified')] : [];
  return [...errors, ...operatorProblems(operator, values, at, true)];
}

function operatorProblems(operator: string, values: readonly string[], at: Path, withUnknown: boolean): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return [];
      return [required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return [];
      return [forbidden(at.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      return withUnknown ? [] : [invalid(at.child('operator'), operator, 'not a valid selector operator')];
  }
}

/** Errors of a map of labels: keys are qualified names, values label values. */
export function validateLabels(labels: Record<string, string> | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  // What came as JSON inherits nothing; to list the entries of a large map would cost more than to look at them.
  for (const key in labels) {
    const value = labels[key]!;
    for (const message of isQualifiedName(key)) errors.push(invalid(at, key, message));
    for (const message of isLabelValue(value)) errors.push(invalid(at, value, message));
  }
  return errors;
}
