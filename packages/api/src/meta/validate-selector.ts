import type { LabelSelector } from '../generated/meta/v1.ts';
import { type FieldError, forbidden, invalid, type Path, required } from './field-path.ts';
import { isLabelValue, isQualifiedName } from './names.ts';

/** Errors of a label selector in object form, by field. */
export function validateLabelSelector(selector: LabelSelector | undefined, at: Path): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, at.child('matchLabels'));
  for (const [i, requirement] of (selector.matchExpressions ?? []).entries()) {
    const path = at.child('matchExpressions').index(i);
    switch (requirement.operator) {
      case 'In':
      case 'NotIn':
        if (!requirement.values?.length) {
          errors.push(required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (requirement.values?.length) {
          errors.push(
            forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          );
        }
        break;
      default:
        errors.push(invalid(path.child('operator'), requirement.operator ?? '', 'not a valid selector operator'));
    }
    for (const message of isQualifiedName(requirement.key ?? ''))
      errors.push(invalid(path.child('key'), requirement.key ?? '', message));
    for (const [j, value] of (requirement.values ?? []).entries()) {
      for (const message of isLabelValue(value)) errors.push(invalid(path.child('values').index(j), value, message));
    }
  }
  return errors;
}

/** Errors of a map of labels: keys are qualified names, values label values. */
export function validateLabels(labels: Record<string, string> | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const message of isQualifiedName(key)) errors.push(invalid(at, key, message));
    for (const message of isLabelValue(value)) errors.push(invalid(at, value, message));
  }
  return errors;
}
