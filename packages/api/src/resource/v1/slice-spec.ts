import type { CounterSet, Device, ResourcePool, ResourceSliceSpec } from '../../generated/resource/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { validateOneTerm } from './claim-status.ts';
import { validateCounters, validateDevice } from './device.ts';
import { validateSet } from './lists.ts';
import { validateDriverName, validateLabelName, validatePoolName } from './names.ts';

const mostDevices = 128;
/** Devices of a slice in which some have taints or use counters: they take more room. */
const mostElaborateDevices = 64;
const mostCounterSets = 8;

/** Errors of a slice of a pool of devices. */
export function validateSliceSpec(spec: ResourceSliceSpec, at: Path): FieldError[] {
  const { devices = [], sharedCounters = [] } = spec;
  const elaborate = devices.some(({ taints, consumesCounters }) => taints?.length || consumesCounters?.length);
  const errors = [
    ...validateDriverName(spec.driver ?? '', at.child('driver')),
    ...validatePool(spec.pool ?? {}, at.child('pool')),
    ...validateNodes(spec, at),
    ...validateSet(
      devices,
      elaborate ? mostElaborateDevices : mostDevices,
      at.child('devices'),
      (each, path) => [...validateDevice(each, path), ...validateNodesOfDevice(each, spec, path)],
      ({ name }) => name,
      'name',
    ),
    ...validateSet(
      sharedCounters,
      mostCounterSets,
      at.child('sharedCounters'),
      validateCounterSet,
      ({ name }) => name,
      'name',
    ),
  ];
  if (devices.length === 0 || sharedCounters.length === 0) return errors;
  const detail = 'only one of `sharedCounters` or `devices` is allowed';
  return [...errors, invalid(at, '{`sharedCounters`, `devices`}', detail)];
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

/** A slice says in one of several ways on which nodes its devices are. */
function validateNodes(spec: ResourceSliceSpec, at: Path): FieldError[] {
  const ways = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;
  const given = ways.filter((way) => spec[way] !== undefined);
  const errors = [
    ...validatePlace(spec, at),
    ...mustBeTrue(spec.perDeviceNodeSelection, at.child('perDeviceNodeSelection')),
  ];
  const wanted = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (given.length === 0) errors.push(required(at, wanted));
  if (given.length > 1) {
    const named = `{${given.map((way) => `\`${way}\``).join(', ')}}`;
    errors.push(invalid(at, named, `${wanted}, but multiple fields are set`));
  }
  return errors;
}

function validateNodesOfDevice(device: Device, spec: ResourceSliceSpec, at: Path): FieldError[] {
  const ways = ['nodeName', 'nodeSelector', 'allNodes'] as const;
  const given = ways.filter((way) => device[way] !== undefined);
  if (!spec.perDeviceNodeSelection) {
    return given.map((way) => {
      const detail = `\`${way}\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`;
      return invalid(at.child(way), device[way], detail);
    });
  }
  const errors = validatePlace(device, at);
  const wanted =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (given.length === 0) errors.push(required(at, wanted));
  if (given.length > 1) errors.push(invalid(at, `{${given.map((way) => `\`${way}\``).join(', ')}}`, wanted));
  return errors;
}

function validatePlace(
  { nodeName, nodeSelector, allNodes }: Pick<Device, 'nodeName' | 'nodeSelector' | 'allNodes'>,
  at: Path,
): FieldError[] {
  const errors = mustBeTrue(allNodes, at.child('allNodes'));
  if (nodeName === '') {
    errors.push(invalid(at.child('nodeName'), nodeName, 'must be either unset or set to a non-empty string'));
  } else if (nodeName !== undefined) append(errors, malformed(at.child('nodeName'), nodeName, isDns1123Subdomain));
  if (nodeSelector) append(errors, validateOneTerm(nodeSelector, at.child('nodeSelector')));
  return errors;
}

function mustBeTrue(value: boolean | undefined, at: Path): FieldError[] {
  return value === false ? [invalid(at, value, 'must be either unset or set to true')] : [];
}

function validateCounterSet({ name = '', counters }: CounterSet, at: Path): FieldError[] {
  return [...validateLabelName(name, at.child('name')), ...validateCounters(counters, at.child('counters'))];
}
