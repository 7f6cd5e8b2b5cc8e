import { encodeJson } from '../../codec/json.ts';
import { validateNodeSelector } from '../../core/v1/affinity-validation.ts';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../../generated/resource/v1.ts';
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
import { isCidr, isDns1123Subdomain, isQualifiedName } from '../../meta/names.ts';
import { deepEqual, isObject } from '../../meta/object.ts';
import { validateConditions } from '../../meta/validate-conditions.ts';
import { requestNames, validateRequestReference, validateRequestReferences } from './claim-spec.ts';
import { validateTolerations } from './device-taint.ts';
import { validateList, validateSet } from './lists.ts';
import { validateDriverName, validateLabelName, validatePoolName } from './names.ts';
import { validateConfiguration } from './opaque-configuration.ts';

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

/** Errors of a change of what became of a claim: an allocation stays as it is until it is taken back. */
export function validateClaimStatus(it: ResourceClaim, old: ResourceClaim, at: Path): FieldError[] {
  const { allocation, reservedFor, devices } = it.status ?? {};
  const known = requestNames(it.spec.devices ?? {});
  const errors = [
    ...validateSet(reservedFor, mostConsumers, at.child('reservedFor'), validateConsumer, ({ uid }) => uid, 'uid'),
    ...validateDevices(devices ?? [], allocation, at.child('devices')),
  ];
  const before = old.status?.allocation;
  if (allocation && before) {
    if (!deepEqual(allocation, before)) errors.push(invalid(at.child('allocation'), allocation, 'field is immutable'));
  } else if (allocation) append(errors, validateAllocation(allocation, known, at.child('allocation')));
  if (reservedFor?.length && !allocation) {
    errors.push(forbidden(at.child('reservedFor'), 'may not be specified when `allocated` is not set'));
  }
  const consumers = new Set((old.status?.reservedFor ?? []).map(({ uid }) => uid));
  if (it.metadata.deletionTimestamp && reservedFor?.some(({ uid }) => !consumers.has(uid))) {
    const detail = 'new entries may not be added while `deletionTimestamp` is set';
    errors.push(forbidden(at.child('reservedFor'), detail));
  }
  return errors;
}

function validateConsumer(it: ResourceClaimConsumerReference, at: Path): FieldError[] {
  const { apiGroup = '' } = it;
  const missing = (['resource', 'name', 'uid'] as const).filter((field) => !it[field]);
  return [
    ...(apiGroup === '' ? [] : malformed(at.child('apiGroup'), apiGroup, isDns1123Subdomain)),
    ...missing.map((field) => required(at.child(field))),
  ];
}

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
  if (!it.nodeSelector) return errors;
  return [...errors, ...validateOneTerm(it.nodeSelector, at.child('nodeSelector'))];
}

/** Errors of a selector of nodes that has exactly one term. */
export function validateOneTerm(selector: NonNullable<AllocationResult['nodeSelector']>, at: Path): FieldError[] {
  const errors = validateNodeSelector(selector, at);
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 1) return errors;
  return [...errors, invalid(at.child('nodeSelectorTerms'), terms, 'must have exactly one node selector term')];
}

function validateResult(it: DeviceRequestAllocationResult, known: ReadonlySet<string>, at: Path): FieldError[] {
  const errors = [
    ...validateRequestReference(it.request ?? '', known, at.child('request')),
    ...validateDriverName(it.driver ?? '', at.child('driver')),
    ...validatePoolName(it.pool ?? '', at.child('pool')),
    ...validateLabelName(it.device ?? '', at.child('device')),
    ...validateTolerations(it.tolerations, at.child('tolerations')),
    ...validateBindingConditions(it, at),
  ];
  if (it.shareID !== undefined && !uuid.test(it.shareID)) {
    const detail = 'must be a lowercase UUID in the 8-4-4-4-12 form';
    errors.push(invalid(at.child('shareID'), it.shareID, detail));
  }
  return errors;
}

/** Errors of the conditions a device has to report before a pod is bound, and of those which say that it cannot be. */
export function validateBindingConditions(
  it: { bindingConditions?: readonly string[]; bindingFailureConditions?: readonly string[] },
  at: Path,
): FieldError[] {
  const names = (list: readonly string[] | undefined, path: Path) =>
    validateSet(
      list,
      mostBindingConditions,
      path,
      (name, where) => malformed(where, name, isQualifiedName),
      (name) => name,
    );
  return [
    ...names(it.bindingConditions, at.child('bindingConditions')),
    ...names(it.bindingFailureConditions, at.child('bindingFailureConditions')),
  ];
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
  const seen = new Set<string>();
  return devices.flatMap((each, i) => {
    const path = at.index(i);
    const id = deviceId(each);
    const errors = [
      ...validateDriverName(each.driver ?? '', path.child('driver')),
      ...validatePoolName(each.pool ?? '', path.child('pool')),
      ...validateLabelName(each.device ?? '', path.child('device')),
      ...validateReport(each, path),
    ];
    if (!allocated.has(id)) errors.push(invalid(path, id, 'must be an allocated device in the claim'));
    if (seen.has(id)) errors.push(duplicate(path, id));
    seen.add(id);
    return errors;
  });
}

/** `driver/pool/device`, and the share of it where it is shared. */
function deviceId({ driver, pool, device, shareID }: AllocatedDeviceStatus | DeviceRequestAllocationResult): string {
  return [driver, pool, device, ...(shareID === undefined ? [] : [shareID])].join('/');
}

function validateReport({ conditions, data, networkData }: AllocatedDeviceStatus, at: Path): FieldError[] {
  const errors = validateConditions(conditions, at.child('conditions'));
  const count = conditions?.length ?? 0;
  if (count > mostConditions) errors.push(tooMany(at.child('conditions'), count, mostConditions));
  if (data !== undefined && data !== null) {
    const path = at.child('data');
    if (!isObject(data)) errors.push(invalid(path, '<value omitted>', 'must be a valid JSON object'));
    else if (Buffer.byteLength(encodeJson(data)) > longestData) errors.push(tooLong(path, longestData));
  }
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
      (ip, path) => malformed(path, ip, isCidr),
      (ip) => ip,
    ),
  ];
}
