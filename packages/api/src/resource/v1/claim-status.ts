import { validateNodeSelector } from '../../core/v1/affinity-validation.ts';
import { validateRequired } from '../../core/v1/volume-source-validation.ts';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../generated/resource/v1.ts';
import { canonicalCidr } from '../../meta/addresses.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
  tooLong,
  tooMany,
} from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isCidr, isQualifiedName } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { validateConditions } from '../../meta/validate-conditions.ts';
import { requestNames, validateRequestReference, validateRequestReferences } from './claim-spec.ts';
import { duplicates, validateList, validateSet } from './lists.ts';
import { validateDriverName, validateLabelName, validatePoolName } from './names.ts';
import { validateConfiguration, validateRaw } from './opaque-configuration.ts';

const mostConsumers = 256;
const mostResults = 32;
const mostConfigurations = 64;
const mostBindingConditions = 4;
const mostConditions = 8;
const longestData = 10 * 1024;
const mostAddresses = 16;
const longestInterface = 256;
const longestHardwareAddress = 128;
const sources = ['FromClaim', 'FromClass'];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const anyUuid = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})$/i;

/** Errors of a change of what became of a claim: an allocation stays as it is until it is taken back. */
export function validateClaimStatus(it: ResourceClaim, old: ResourceClaim, at: Path): FieldError[] {
  const { allocation, reservedFor, devices } = it.status ?? {};
  const known = requestNames(it.spec.devices ?? {});
  const errors = [
    ...validateSet(reservedFor, mostConsumers, at.child('reservedFor'), validateConsumer, ({ uid }) => uid),
    ...validateDevices(devices ?? [], allocation, at.child('devices')),
  ];
  const consumers = old.status?.reservedFor ?? [];
  const isAdded = (consumer: ResourceClaimConsumerReference) => !consumers.some((each) => deepEqual(each, consumer));
  if (reservedFor?.length && !allocation) {
    errors.push(forbidden(at.child('reservedFor'), 'may not be specified when `allocated` is not set'));
  } else if (it.metadata.deletionTimestamp && reservedFor?.some(isAdded)) {
    const detail = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
    errors.push(forbidden(at.child('reservedFor'), detail));
  }
  const before = old.status?.allocation;
  if (allocation && !before) append(errors, validateAllocation(allocation, known, at.child('allocation')));
  else if (allocation && !deepEqual(allocation, before)) {
    const shown = goForm('resource/v1.AllocationResult', allocation);
    errors.push(invalid(at.child('allocation'), shown, 'field is immutable'));
  }
  return errors;
}

/** Of what is reported, that which is not of devices a claim had and has no more. */
export function withoutDeallocated(
  devices: readonly AllocatedDeviceStatus[] = [],
  it: ResourceClaim,
  old: ResourceClaim,
): AllocatedDeviceStatus[] {
  const ids = ({ status }: ResourceClaim) => new Set((status?.allocation?.devices?.results ?? []).map(deviceId));
  const [now, before] = [ids(it), ids(old)];
  return devices.filter((each) => now.has(deviceId(each)) || !before.has(deviceId(each)));
}

const validateConsumer = (it: ResourceClaimConsumerReference, at: Path): FieldError[] =>
  validateRequired(it, ['resource', 'name', 'uid'], at);

function validateAllocation(it: AllocationResult, known: ReadonlySet<string>, at: Path): FieldError[] {
  const devices = at.child('devices');
  const errors = [
    ...validateList(it.devices?.results, mostResults, devices.child('results'), (each, path) =>
      validateResult(each, known, path),
    ),
    ...validateList(it.devices?.config, mostConfigurations, devices.child('config'), (each, path) =>
      validateAllocatedConfiguration(each, known, path),
    ),
  ];
  return it.nodeSelector ? [...errors, ...validateNodeSelector(it.nodeSelector, at.child('nodeSelector'))] : errors;
}

function validateResult(it: DeviceRequestAllocationResult, known: ReadonlySet<string>, at: Path): FieldError[] {
  return [
    ...validateRequestReference(it.request ?? '', known, at.child('request')),
    ...validateDeviceName(it, at),
    ...validateBindingConditions(it, at),
    ...validateShare(it.shareID, at.child('shareID')),
  ];
}

function validateDeviceName({ driver = '', pool = '', device = '' }: Partial<AllocatedDeviceStatus>, at: Path) {
  return [
    ...validateDriverName(driver, at.child('driver')),
    ...validatePoolName(pool, at.child('pool')),
    ...validateLabelName(device, at.child('device')),
  ];
}

/** Errors of the UUID of a share; what is none is told in the words of upstream's parser. */
function validateShare(id: string | undefined, at: Path): FieldError[] {
  if (id === undefined || uuid.test(id)) return [];
  const digits = id.replace(/^urn:uuid:(?=.{36}$)/i, '').replace(/^\{(.{36})\}$/, '$1');
  if (anyUuid.test(digits)) {
    const form =
      'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
    return [invalid(at, id, form)];
  }
  const length = Buffer.byteLength(id);
  const why = [32, 36, 38, 45].includes(length) ? 'invalid UUID format' : `invalid UUID length: ${length}`;
  return [invalid(at, id, `error validating uid: ${why}`)];
}

/** Errors of the conditions a device has to report before a pod is bound, and of those which say that it cannot be. */
export function validateBindingConditions(
  it: { bindingConditions?: readonly string[]; bindingFailureConditions?: readonly string[] },
  at: Path,
): FieldError[] {
  const { bindingConditions: wanted = [], bindingFailureConditions: failures = [] } = it;
  const [path, failurePath] = [at.child('bindingConditions'), at.child('bindingFailureConditions')];
  const isName = (name: string, where: Path) => malformed(where, name, isQualifiedName);
  const errors = [
    ...validateList(wanted, mostBindingConditions, path, isName),
    ...validateList(failures, mostBindingConditions, failurePath, isName),
    ...duplicates(wanted, path),
  ];
  const seen = new Set<string>();
  for (const [i, name] of failures.entries()) {
    if (seen.has(name)) errors.push(duplicate(failurePath.index(i), name));
    seen.add(name);
    const overlap = 'bindingFailureConditions must not overlap with bindingConditions';
    if (wanted.includes(name)) errors.push(invalid(failurePath.index(i), name, overlap));
  }
  const needs = (field: string, other: string) => `${field} are required to use ${other}`;
  if (wanted.length === 0 && failures.length > 0)
    errors.push(invalid(path, it.bindingConditions, needs('bindingConditions', 'bindingFailureConditions')));
  if (failures.length === 0 && wanted.length > 0)
    errors.push(
      invalid(failurePath, it.bindingFailureConditions, needs('bindingFailureConditions', 'bindingConditions')),
    );
  return errors;
}

function validateAllocatedConfiguration(
  it: DeviceAllocationConfiguration,
  known: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  const { source = '' } = it;
  const path = at.child('source');
  const wrong = source === '' ? [required(path)] : [notSupported(path, source, sources)];
  return [
    ...(sources.includes(source) ? [] : wrong),
    ...validateRequestReferences(it.requests, known, at.child('requests')),
    ...validateConfiguration(it, at),
  ];
}

function validateDevices(
  devices: readonly AllocatedDeviceStatus[],
  allocation: AllocationResult | undefined,
  at: Path,
): FieldError[] {
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceId));
  const check = (each: AllocatedDeviceStatus, path: Path) => [
    ...validateDeviceName(each, path),
    ...validateShare(each.shareID, path.child('shareID')),
    ...(allocated.has(deviceId(each))
      ? []
      : [invalid(path, deviceId(each), 'must be an allocated device in the claim')]),
    ...validateReport(each, path),
  ];
  return validateSet(devices, Number.POSITIVE_INFINITY, at, check, deviceId);
}

/** `driver/pool/device`, and the share of it where it is shared. */
function deviceId({ driver, pool, device, shareID }: AllocatedDeviceStatus | DeviceRequestAllocationResult): string {
  return [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join('/');
}

function validateReport({ conditions, data, networkData }: AllocatedDeviceStatus, at: Path): FieldError[] {
  const count = conditions?.length ?? 0;
  const errors = count > mostConditions ? [tooMany(at.child('conditions'), count, mostConditions)] : [];
  append(errors, validateConditions(conditions, at.child('conditions')));
  if (data !== undefined && data !== null) append(errors, validateRaw(data, longestData, at.child('data')));
  return networkData ? [...errors, ...validateNetworkData(networkData, at.child('networkData'))] : errors;
}

function validateNetworkData(it: NetworkDeviceData, at: Path): FieldError[] {
  const { interfaceName = '', ips, hardwareAddress = '' } = it;
  return [
    ...(interfaceName.length > longestInterface ? [tooLong(at.child('interfaceName'), longestInterface)] : []),
    ...(hardwareAddress.length > longestHardwareAddress
      ? [tooLong(at.child('hardwareAddress'), longestHardwareAddress)]
      : []),
    ...validateSet(
      ips,
      mostAddresses,
      at.child('ips'),
      (ip, path) => malformed(path, ip, isInterfaceAddress),
      (ip) => ip,
    ),
  ];
}

/** Whether it is an address and the length of its network, in the one form of both: `10.9.8.7/24`. */
function isInterfaceAddress(text: string): string[] {
  if (isCidr(text).length > 0) return ['must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'];
  const canonical = canonicalCidr(text);
  return text === canonical ? [] : [`must be in canonical form ("${canonical}")`];
}
