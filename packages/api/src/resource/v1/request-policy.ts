import type { CapacityRequestPolicyRange, DeviceCapacity } from '../../generated/resource/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, invalid, type Path, required } from '../../meta/field-path.ts';
import { Quantity } from '../../meta/quantity.ts';
import { validateSet } from './lists.ts';

const mostValidValues = 10;

/** Errors of how much of a capacity may be asked for, of a device that several share (KEP-5075). */
export function validatePolicy(
  { value, requestPolicy: policy }: DeviceCapacity,
  shared: boolean,
  at: Path,
): FieldError[] {
  if (!policy) return [];
  if (!shared) return [forbidden(at, 'allowMultipleAllocations must be true')];
  const { validValues = [], validRange, default: chosen } = policy;
  if (validValues.length > 0 && validRange) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(at, detail)];
  }
  const way = validValues.length > 0 ? 'validValues' : validRange ? 'validRange' : undefined;
  if (!way) return [];
  if (chosen === undefined) return [required(at.child('default'), `required when ${way} is defined`)];
  const [initial, capacity] = [Quantity.parse(chosen), Quantity.parse(value)];
  return validRange
    ? validateRange(validRange, initial, capacity, at.child('validRange'))
    : validateValues(validValues, initial, capacity, at.child('validValues'));
}

function validateValues(texts: readonly string[], initial: Quantity, capacity: Quantity, at: Path): FieldError[] {
  const values = texts.map((text) => Quantity.parse(text));
  const errors = values.flatMap((each, i) =>
    i > 0 && values[i - 1]!.cmp(each) > 0
      ? [invalid(at.index(i), each.toString(), 'values must be sorted in ascending order')]
      : [],
  );
  const fits = (each: Quantity, path: Path) =>
    each.cmp(capacity) > 0 ? [invalid(path, each.toString(), `option is larger than capacity value: ${capacity}`)] : [];
  append(
    errors,
    validateSet(values, mostValidValues, at, fits, (each) => String(each.value())),
  );
  if (values.length <= mostValidValues && values.some((each) => each.equals(initial))) return errors;
  return [...errors, invalid(at, initial.toString(), 'default value is not valid according to the requestPolicy')];
}

function validateRange(
  range: CapacityRequestPolicyRange,
  initial: Quantity,
  capacity: Quantity,
  at: Path,
): FieldError[] {
  if (range.min === undefined) return [required(at.child('min'), 'required when validRange is defined')];
  const min = Quantity.parse(range.min);
  const errors: FieldError[] = [];
  const refuse = (field: string, value: Quantity, why: string) =>
    errors.push(invalid(at.child(field), value.toString(), why));
  if (min.cmp(capacity) > 0) refuse('min', min, `min is larger than capacity value: ${capacity}`);
  if (initial.cmp(min) < 0) refuse('min', initial, `default is less than min: ${min}`);
  const max = range.max === undefined ? undefined : Quantity.parse(range.max);
  if (max) {
    if (min.cmp(max) > 0) refuse('max', min, `min is larger than max: ${max}`);
    if (max.cmp(capacity) > 0) refuse('max', max, `max is larger than capacity value: ${capacity}`);
    if (initial.cmp(max) > 0) refuse('max', initial, `default is more than max: ${max}`);
  }
  if (range.step === undefined) return errors;
  const step = Quantity.parse(range.step);
  // Upstream divides by it.
  if (step.value() === 0n) return [...errors, invalid(at.child('step'), step.toString(), 'must be greater than zero')];
  const once = min.add(step);
  if (once.cmp(capacity) > 0) refuse('step', step, `one step ${once} is larger than capacity value: ${capacity}`);
  for (const each of max ? [initial, max] : [initial]) {
    if ((each.value() - min.value()) % step.value() !== 0n)
      refuse('step', each, `value is not a multiple of a given step (${step}) from (${min})`);
  }
  return errors;
}
