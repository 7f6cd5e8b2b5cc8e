import type {
  CapacityRequirements,
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from '../../generated/resource/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { validateSelectors } from './device-selector.ts';
import { validateTolerations } from './device-taint.ts';
import { validateList, validateSet } from './lists.ts';
import { validateFullyQualifiedName, validateLabelName, validateQualifiedName } from './names.ts';
import { validateConfiguration } from './opaque-configuration.ts';

const mostRequests = 32;
const mostAlternatives = 8;
const mostConstraints = 32;
const mostConfigurations = 32;
const modes = ['All', 'ExactCount'];

/** What a request that does not say gets: one device. */
export function defaultClaimSpec(spec: ResourceClaimSpec): void {
  for (const { exactly, firstAvailable = [] } of spec.devices?.requests ?? []) {
    for (const wish of [...(exactly ? [exactly] : []), ...firstAvailable]) {
      wish.allocationMode ||= 'ExactCount';
      if (wish.allocationMode === 'ExactCount') wish.count ||= 1;
      defaultTolerations(wish.tolerations);
    }
  }
}

export function defaultTolerations(tolerations: readonly DeviceToleration[] | undefined): void {
  for (const each of tolerations ?? []) each.operator ||= 'Equal';
}

/** Errors of what a claim asks for, but for what expressions of selectors say. */
export function validateClaimSpec({ devices = {} }: ResourceClaimSpec, root: Path): FieldError[] {
  const at = root.child('devices');
  const known = requestNames(devices);
  return [
    ...validateSet(devices.requests, mostRequests, at.child('requests'), validateRequest, ({ name }) => name),
    ...validateList(devices.constraints, mostConstraints, at.child('constraints'), (each, path) =>
      validateConstraint(each, known, path),
    ),
    ...validateList(devices.config, mostConfigurations, at.child('config'), (each, path) =>
      validateClaimConfiguration(each, known, path),
    ),
  ];
}

/** The names by which requests and their alternatives (`request/alternative`) are referred to. */
export function requestNames({ requests = [] }: DeviceClaim): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ name, firstAvailable = [] }) => [
      name,
      ...firstAvailable.map((each) => `${name}/${each.name}`),
    ]),
  );
}

/** Errors of a reference to a request, or to one of its alternatives. */
export function validateRequestReference(name: string, known: ReadonlySet<string>, at: Path): FieldError[] {
  const detail =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  const parts = name.split('/');
  if (parts.length > 2) return [invalid(at, name, detail)];
  const errors = parts.flatMap((part) => validateLabelName(part, at));
  return known.has(name) ? errors : [...errors, invalid(at, name, detail)];
}

/** Errors of what requests something is about; none: it is about all. */
export function validateRequestReferences(
  names: readonly string[] | undefined,
  known: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  return validateSet(
    names,
    mostRequests,
    at,
    (name, path) => validateRequestReference(name, known, path),
    (name) => name,
  );
}

function validateRequest({ name, exactly, firstAvailable = [] }: DeviceRequest, at: Path): FieldError[] {
  const errors = validateLabelName(name ?? '', at.child('name'));
  const one = 'exactly one of `exactly` or `firstAvailable` is required';
  if (!exactly && firstAvailable.length === 0) return [...errors, required(at, one)];
  if (!exactly) {
    const path = at.child('firstAvailable');
    append(
      errors,
      validateSet(firstAvailable, mostAlternatives, path, validateAlternative, (each) => each.name),
    );
  } else if (firstAvailable.length === 0) append(errors, validateWish(exactly, at.child('exactly')));
  else errors.push(invalid(at, null, `${one}, but multiple fields are set`));
  return errors;
}

function validateAlternative(it: DeviceSubRequest, at: Path): FieldError[] {
  return [...validateLabelName(it.name ?? '', at.child('name')), ...validateWish(it, at)];
}

function validateWish(it: ExactDeviceRequest | DeviceSubRequest, at: Path): FieldError[] {
  const { deviceClassName = '', selectors, allocationMode = '', count = 0, tolerations, capacity } = it;
  const className = at.child('deviceClassName');
  return [
    ...(deviceClassName === '' ? [required(className)] : malformed(className, deviceClassName, isDns1123Subdomain)),
    ...validateSelectors(selectors, at.child('selectors')),
    ...validateMode(allocationMode, count, at),
    ...validateTolerations(tolerations, at.child('tolerations')),
    ...validateCapacity(capacity, at.child('capacity')),
  ];
}

function validateMode(mode: string, count: number, at: Path): FieldError[] {
  if (mode === 'ExactCount') {
    return count > 0 ? [] : [invalid(at.child('count'), count, 'must be greater than zero')];
  }
  if (mode !== 'All') return [notSupported(at.child('allocationMode'), mode, modes)];
  if (count === 0) return [];
  return [invalid(at.child('count'), count, "must not be specified when allocationMode is 'All'")];
}

function validateCapacity(capacity: CapacityRequirements | undefined, at: Path): FieldError[] {
  return Object.keys(capacity?.requests ?? {}).flatMap((name) =>
    validateQualifiedName(name, at.child('requests').key(name)),
  );
}

function validateConstraint(it: DeviceConstraint, known: ReadonlySet<string>, at: Path): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = it;
  const errors = validateRequestReferences(requests, known, at.child('requests'));
  if (matchAttribute !== undefined) {
    append(errors, validateFullyQualifiedName(matchAttribute, at.child('matchAttribute')));
  } else if (distinctAttribute !== undefined) {
    append(errors, validateFullyQualifiedName(distinctAttribute, at.child('distinctAttribute')));
  } else {
    // The end of it is upstream's.
    const detail = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    errors.push(required(at, detail));
  }
  return errors;
}

function validateClaimConfiguration(it: DeviceClaimConfiguration, known: ReadonlySet<string>, at: Path): FieldError[] {
  return [...validateRequestReferences(it.requests, known, at.child('requests')), ...validateConfiguration(it, at)];
}
