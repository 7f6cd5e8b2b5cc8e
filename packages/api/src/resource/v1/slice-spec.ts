import { validateNodeSelector } from '../../core/v1/affinity-validation.ts';
import type { CounterSet, Device, ResourcePool, ResourceSliceSpec } from '../../generated/resource/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { validateCounters, validateDevice } from './device.ts';
import { validateSet } from './lists.ts';
import { validateCounterSetName, validateDriverName, validatePoolName } from './names.ts';

const mostDevices = 128;
/** Devices of a slice in which some have taints or use counters: they take more room. */
const mostElaborateDevices = 64;
const mostCounterSets = 8;

/** Errors of a slice of a pool of devices; `old` is what it was, in updates. */
export function validateSliceSpec(spec: ResourceSliceSpec, old: ResourceSliceSpec | undefined, at: Path): FieldError[] {
  const { devices, sharedCounters } = spec;
  const elaborate = devices?.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length);
  const errors = [
    ...validateDriverName(spec.driver ?? '', at.child('driver')),
    ...validatePool(spec.pool ?? {}, at.child('pool')),
    ...(old ? validateFixed(spec, old, at) : []),
    ...validateNodes(spec, at),
  ];
  // The lists may not both be there, even empty.
  if (devices && sharedCounters) errors.push(invalid(at, '', 'only one of `sharedCounters` or `devices` is allowed'));
  const check = (each: Device, path: Path) => validateDevice(each, path, validateNodesOfDevice(each, spec, path));
  const most = elaborate ? mostElaborateDevices : mostDevices;
  return [
    ...errors,
    ...validateSet(devices, most, at.child('devices'), check, ({ name }) => name),
    ...validateSet(sharedCounters, mostCounterSets, at.child('sharedCounters'), validateCounterSet, ({ name }) => name),
  ];
}

function validatePool({ name = '', resourceSliceCount = 0, generation = 0 }: Partial<ResourcePool>, at: Path) {
  const errors = validatePoolName(name, at.child('name'));
  if (resourceSliceCount <= 0) {
    errors.push(invalid(at.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) {
    errors.push(invalid(at.child('generation'), generation, 'must be greater than or equal to zero'));
  }
  return errors;
}

function validateFixed(spec: ResourceSliceSpec, old: ResourceSliceSpec, at: Path): FieldError[] {
  const fixed = (value: unknown, before: unknown, path: Path) =>
    deepEqual(value ?? null, before ?? null) ? [] : [invalid(path, value, 'field is immutable')];
  return [
    ...fixed(spec.pool?.name, old.pool?.name, at.child('pool.name')),
    ...fixed(spec.driver, old.driver, at.child('driver')),
    ...fixed(spec.nodeName, old.nodeName, at.child('nodeName')),
  ];
}

/** A slice says in one of several ways on which nodes its devices are. */
function validateNodes(spec: ResourceSliceSpec, at: Path): FieldError[] {
  const { nodeSelector, perDeviceNodeSelection } = spec;
  const errors: FieldError[] = [];
  const given = placesOf(spec, 'must be either unset or set to a non-empty string', at, errors, () => {
    const terms = nodeSelector?.nodeSelectorTerms ?? [];
    const path = at.child('nodeSelector.nodeSelectorTerms');
    return terms.length === 1 ? [] : [invalid(path, terms, 'must have exactly one node selector term')];
  });
  if (perDeviceNodeSelection) given.push('`perDeviceNodeSelection`');
  append(errors, mustBeTrue(perDeviceNodeSelection, at.child('perDeviceNodeSelection')));
  const wanted = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (given.length === 0) errors.push(required(at, wanted));
  if (given.length > 1) errors.push(invalid(at, `{${given.join(', ')}}`, `${wanted}, but multiple fields are set`));
  return errors;
}

function validateNodesOfDevice(device: Device, spec: ResourceSliceSpec, at: Path): FieldError[] {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!spec.perDeviceNodeSelection) {
    if (nodeName === undefined && !nodeSelector && allNodes === undefined) return [];
    const detail =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return [invalid(at, null, detail)];
  }
  const errors: FieldError[] = [];
  const given = placesOf(device, 'must not be empty', at, errors);
  const wanted =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (given.length === 0) errors.push(required(at, wanted));
  if (given.length > 1) errors.push(invalid(at, `{${given.join(', ')}}`, wanted));
  return errors;
}

/** The ways in which places are said, of those that say something; what is wrong with them is added to `errors`. */
function placesOf(
  { nodeName, nodeSelector, allNodes }: Pick<Device, 'nodeName' | 'nodeSelector' | 'allNodes'>,
  empty: string,
  at: Path,
  errors: FieldError[],
  selectorErrors: () => FieldError[] = () => [],
): string[] {
  const path = at.child('nodeName');
  if (nodeName === '') errors.push(invalid(path, nodeName, empty));
  else if (nodeName !== undefined) append(errors, malformed(path, nodeName, isDns1123Subdomain));
  if (nodeSelector) append(errors, validateNodeSelector(nodeSelector, at.child('nodeSelector')), selectorErrors());
  append(errors, mustBeTrue(allNodes, at.child('allNodes')));
  return [
    ...(nodeName ? ['`nodeName`'] : []),
    ...(nodeSelector ? ['`nodeSelector`'] : []),
    ...(allNodes ? ['`allNodes`'] : []),
  ];
}

function mustBeTrue(value: boolean | undefined, at: Path): FieldError[] {
  return value === false ? [invalid(at, value, 'must be either unset or set to true')] : [];
}

function validateCounterSet({ name = '', counters }: CounterSet, at: Path): FieldError[] {
  return [...validateCounterSetName(name, at.child('name')), ...validateCounters(counters, at.child('counters'))];
}
