import type { Counter, Device, DeviceAttribute, DeviceCounterConsumption } from '../../generated/resource/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, type Path, required, tooLong, tooMany } from '../../meta/field-path.ts';
import { validateBindingConditions } from './claim-status.ts';
import { validateTaint } from './device-taint.ts';
import { validateList, validateSet } from './lists.ts';
import { validateCounterSetName, validateLabelName, validateQualifiedName } from './names.ts';
import { validatePolicy } from './request-policy.ts';

const mostAttributesAndCapacities = 32;
const mostConsumptions = 2;
const mostCounters = 32;
const mostTaints = 16;
const longestValue = 64;
/** Bytes of a domain, a slash and an identifier. */
const longestKey = 63 + 1 + 32;
const version =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

/** Errors of a device of a slice; `places` are those of where it is. */
export function validateDevice(it: Device, at: Path, places: readonly FieldError[]): FieldError[] {
  const { attributes = {}, capacity = {} } = it;
  const total = Object.keys(attributes).length + Object.keys(capacity).length;
  const errors = validateLabelName(it.name ?? '', at.child('name'));
  if (total > mostAttributesAndCapacities) {
    const detail = `the total number of attributes and capacities must not exceed ${mostAttributesAndCapacities}`;
    errors.push(invalid(at, total, detail));
  }
  for (const [name, value] of Object.entries(attributes)) {
    const path = at.child('attributes').key(shortened(name));
    append(errors, validateQualifiedName(name, path), validateAttribute(value, path));
  }
  for (const [name, value] of Object.entries(capacity)) {
    const path = at.child('capacity').key(shortened(name));
    append(errors, validateQualifiedName(name, path));
    append(errors, validatePolicy(value, it.allowMultipleAllocations === true, path.child('requestPolicy')));
  }
  const consumed = it.consumesCounters;
  return [
    ...errors,
    ...validateList(it.taints, mostTaints, at.child('taints'), validateTaint),
    ...validateSet(
      consumed,
      mostConsumptions,
      at.child('consumesCounters'),
      validateConsumption,
      (each) => each.counterSet,
    ),
    ...places,
    ...validateBindingConditions(it, at),
  ];
}

/** A key as paths show it: one that is longer than any name can be lacks its middle. */
function shortened(key: string): string {
  if (key.length <= longestKey) return key;
  const left = longestKey - 3;
  return `${key.slice(0, Math.ceil(left / 2))}...${key.slice(key.length - Math.floor(left / 2))}`;
}

function validateAttribute({ int, bool, string, version: semver }: DeviceAttribute, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (string !== undefined && string.length > longestValue) errors.push(tooLong(at.child('string'), longestValue));
  if (semver !== undefined) {
    const path = at.child('version');
    if (!version.test(semver)) {
      errors.push(invalid(path, semver, 'must be a string compatible with semver.org spec 2.0.0'));
    }
    if (semver.length > longestValue) errors.push(tooLong(path, longestValue));
  }
  const given = [int, bool, string, semver].filter((value) => value !== undefined).length;
  if (given === 1) return errors;
  const orNull = (value: unknown) => value ?? null;
  const shown = { IntValue: orNull(int), BoolValue: orNull(bool), StringValue: orNull(string) };
  const value = given === 0 ? '' : { ...shown, VersionValue: orNull(semver) };
  return [...errors, invalid(at, value, 'exactly one value must be specified')];
}

/** Errors of counters by name. */
export function validateCounters(counters: Readonly<Record<string, Counter>> | undefined, at: Path): FieldError[] {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return [required(at)];
  if (names.length > mostCounters) return [tooMany(at, names.length, mostCounters)];
  return names.flatMap((name) => validateLabelName(name, at.key(name)));
}

function validateConsumption({ counterSet = '', counters }: DeviceCounterConsumption, at: Path): FieldError[] {
  return [
    ...validateCounterSetName(counterSet, at.child('counterSet')),
    ...validateCounters(counters, at.child('counters')),
  ];
}
