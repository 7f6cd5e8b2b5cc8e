import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  Counter,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
} from '../../generated/resource/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  malformed,
  type Path,
  required,
  tooLong,
  tooMany,
} from '../../meta/field-path.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { Quantity } from '../../meta/quantity.ts';
import { validateBindingConditions } from './claim-status.ts';
import { validateTaint } from './device-taint.ts';
import { validateList, validateSet } from './lists.ts';
import { validateLabelName, validateQualifiedName } from './names.ts';

const mostAttributesAndCapacities = 32;
const mostConsumptions = 2;
const mostCounters = 32;
const mostTaints = 16;
const mostValidValues = 10;
const longestValue = 64;
const version =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

/** Errors of a device of a slice, but for where it is. */
export function validateDevice(it: Device, at: Path): FieldError[] {
  const { attributes = {}, capacity = {} } = it;
  const total = Object.keys(attributes).length + Object.keys(capacity).length;
  const errors = validateLabelName(it.name ?? '', at.child('name'));
  for (const [name, value] of Object.entries(attributes)) {
    const path = at.child('attributes').key(name);
    append(errors, validateQualifiedName(name, path), validateAttribute(value, path));
  }
  for (const [name, value] of Object.entries(capacity)) {
    const path = at.child('capacity').key(name);
    append(errors, validateQualifiedName(name, path));
    append(errors, validatePolicy(value, it.allowMultipleAllocations === true, path.child('requestPolicy')));
  }
  if (total > mostAttributesAndCapacities) {
    const detail = `the total number of attributes and capacities must not exceed ${mostAttributesAndCapacities}`;
    errors.push(invalid(at, total, detail));
  }
  return [
    ...errors,
    ...validateList(it.taints, mostTaints, at.child('taints'), validateTaint),
    ...validateSet(
      it.consumesCounters,
      mostConsumptions,
      at.child('consumesCounters'),
      validateConsumption,
      ({ counterSet }) => counterSet,
      'counterSet',
    ),
    ...validateBindingConditions(it, at),
  ];
}

function validateAttribute(it: DeviceAttribute, at: Path): FieldError[] {
  const { string, version: semver } = it;
  const errors: FieldError[] = [];
  if (string !== undefined && string.length > longestValue) errors.push(tooLong(at.child('string'), longestValue));
  if (semver !== undefined) {
    const path = at.child('version');
    if (!version.test(semver)) {
      errors.push(invalid(path, semver, 'must be a string compatible with semver.org spec 2.0.0'));
    }
    if (semver.length > longestValue) errors.push(tooLong(path, longestValue));
  }
  const given = Object.values(it).filter((value) => value !== undefined).length;
  if (given === 0) errors.push(required(at, 'exactly one value must be specified'));
  if (given > 1) errors.push(invalid(at, it, 'exactly one value must be specified'));
  return errors;
}

/** Errors of counters by name. */
export function validateCounters(counters: Readonly<Record<string, Counter>> | undefined, at: Path): FieldError[] {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return [required(at)];
  const errors = names.flatMap((name) => malformed(at.key(name), name, isDns1123Label));
  return names.length > mostCounters ? [tooMany(at, names.length, mostCounters), ...errors] : errors;
}

function validateConsumption({ counterSet = '', counters }: DeviceCounterConsumption, at: Path): FieldError[] {
  return [
    ...validateLabelName(counterSet, at.child('counterSet')),
    ...validateCounters(counters, at.child('counters')),
  ];
}

/** How much of a capacity may be asked for, of a device that several share (KEP-5075). */
function validatePolicy({ value, requestPolicy: policy }: DeviceCapacity, shared: boolean, at: Path): FieldError[] {
  if (!policy) return [];
  if (!shared) return [forbidden(at, 'must not be set when `allowMultipleAllocations` is not true')];
  const { validValues = [], validRange } = policy;
  const errors: FieldError[] = [];
  if (policy.default === undefined && (validValues.length > 0 || validRange)) {
    errors.push(required(at.child('default'), 'required when `validValues` or `validRange` is defined'));
  }
  if (validValues.length > 0 && validRange) {
    errors.push(forbidden(at.child('validRange'), 'exactly one of `validValues` or `validRange` may be set'));
  }
  return [
    ...errors,
    ...validateValidValues(policy, value, at),
    ...(validRange ? validateRange(validRange, policy.default, value, at.child('validRange')) : []),
  ];
}

const isGreater = (a: string, b: string): boolean => Quantity.parse(a).cmp(Quantity.parse(b)) > 0;

function validateValidValues(policy: CapacityRequestPolicy, capacity: string, at: Path): FieldError[] {
  const { validValues = [] } = policy;
  const path = at.child('validValues');
  const errors = validValues.length > mostValidValues ? [tooMany(path, validValues.length, mostValidValues)] : [];
  for (const [i, each] of validValues.entries()) {
    const before = validValues[i - 1];
    if (isGreater(each, capacity)) {
      errors.push(invalid(path.index(i), each, `must not be larger than the capacity ${capacity}`));
    }
    if (before === undefined || isGreater(each, before)) continue;
    if (isGreater(before, each)) errors.push(invalid(path.index(i), each, 'values must be sorted in ascending order'));
    else errors.push(duplicate(path.index(i), each));
  }
  const { default: chosen } = policy;
  if (chosen === undefined || validValues.length === 0) return errors;
  if (validValues.some((each) => Quantity.parse(each).equals(Quantity.parse(chosen)))) return errors;
  return [...errors, invalid(at.child('default'), chosen, 'must be one of `validValues`')];
}

function validateRange(
  { min, max, step }: CapacityRequestPolicyRange,
  chosen: string | undefined,
  capacity: string,
  at: Path,
): FieldError[] {
  if (min === undefined) return [required(at.child('min'))];
  const errors: FieldError[] = [];
  const top = max ?? capacity;
  if (max !== undefined && isGreater(max, capacity)) {
    errors.push(invalid(at.child('max'), max, `must not be larger than the capacity ${capacity}`));
  }
  if (isGreater(min, top)) errors.push(invalid(at.child('min'), min, `must not be larger than ${top}`));
  if (step !== undefined && Quantity.parse(step).sign() <= 0) {
    errors.push(invalid(at.child('step'), step, 'must be greater than zero'));
  }
  if (chosen !== undefined && (isGreater(min, chosen) || isGreater(chosen, top))) {
    errors.push(invalid(at.child('max'), chosen, `the default must be between ${min} and ${top}`));
  }
  return errors;
}
