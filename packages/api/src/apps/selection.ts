import type { PodTemplateSpec } from '../generated/core/v1.ts';
import type { LabelSelector } from '../generated/meta/v1.ts';
import { type FieldError, invalid, type Path, required } from '../meta/field-path.ts';
import { resolveIntOrPercent } from '../meta/int-or-string.ts';
import { selectorFrom } from '../meta/labels.ts';
import { validateLabelSelector } from '../meta/validate-selector.ts';

/** The one error of a count below zero. */
export function nonNegative(value: number | undefined, at: Path): FieldError[] {
  return value !== undefined && value < 0 ? [invalid(at, value, 'must be greater than or equal to 0')] : [];
}

/** Errors of a number or percentage such as maxSurge; `max100` forbids more than 100%. */
export function countOrPercent(value: number | string | undefined, at: Path, { max100 = false }): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return nonNegative(value, at);
  if (!/^[0-9]+%$/.test(value)) {
    return [
      invalid(
        at,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')",
      ),
    ];
  }
  return max100 && Number.parseInt(value, 10) > 100 ? [invalid(at, value, 'must not be greater than 100%')] : [];
}

/** Whether a number or percentage is nothing; unset is nothing. */
export const isZero = (value: number | string | undefined) => resolveIntOrPercent(value, 100, true) === 0;

/** Errors of a workload's selector and of the template it has to select. `at` is the path of the spec; `workload` is the word for it. */
export function selects(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  at: Path,
  workload = 'deployment',
): FieldError[] {
  if (!selector) return [required(at.child('selector')), ...matching(selector, template, at)];
  const errors = validateLabelSelector(selector, at.child('selector'));
  if (!Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length) {
    errors.push(invalid(at.child('selector'), selector, `empty selector is invalid for ${workload}`));
  }
  return errors.length > 0 ? errors : matching(selector, template, at);
}

/** The error of a template whose labels its workload's selector does not match; the selector is valid. */
export function matching(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  at: Path,
): FieldError[] {
  if (!template) return [required(at.child('template'))];
  const labels = template.metadata?.labels;
  if (selector && selectorFrom(selector).matches(labels ?? {})) return [];
  return [invalid(at.child('template.metadata.labels'), labels ?? null, '`selector` does not match template `labels`')];
}
