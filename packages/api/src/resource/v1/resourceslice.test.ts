import { describe, expect, it } from '@jest/globals';
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  Device,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../generated/resource/v1.ts';
import { validateCreate, validateUpdate } from '../../validate.ts';
import { resourceSlice } from './resourceslice.ts';

const sliceOf = (change: Partial<ResourceSliceSpec> = {}): ResourceSlice => ({
  metadata: { name: 'n1-gpus' },
  spec: {
    driver: 'gpu.example.com',
    pool: { name: 'n1', generation: 1, resourceSliceCount: 1 },
    ...('nodeSelector' in change || 'allNodes' in change || 'perDeviceNodeSelection' in change
      ? {}
      : { nodeName: 'n1' }),
    ...change,
  },
});
const withDevice = (device: Partial<Device>, change: Partial<ResourceSliceSpec> = {}) =>
  sliceOf({ devices: [{ name: 'gpu-0', ...device }], ...change });
const texts = (errors: { field: string; message: string }[]) => errors.map((each) => `${each.field}: ${each.message}`);

describe('a ResourceSlice', () => {
  it.each<ResourceSlice>([
    sliceOf(),
    sliceOf({ allNodes: true }),
    withDevice({
      attributes: { model: { string: 'a100' }, 'example.com/numa': { int: 1 }, driver: { version: '1.2.3-rc.1' } },
      capacity: { memory: { value: '40Gi' } },
      taints: [{ key: 'example.com/broken', effect: 'NoSchedule' }],
      consumesCounters: [{ counterSet: 'card', counters: { memory: { value: '1Gi' } } }],
    }),
    sliceOf({ sharedCounters: [{ name: 'card', counters: { memory: { value: '80Gi' } } }] }),
    withDevice({ nodeName: 'n2' }, { perDeviceNodeSelection: true }),
    withDevice({
      allowMultipleAllocations: true,
      capacity: {
        memory: { value: '8Gi', requestPolicy: { default: '1Gi', validRange: { min: '1Gi', step: '1Gi' } } },
      },
    }),
  ])('may be %j', (it) => expect(texts(validateCreate(resourceSlice, it))).toEqual([]));

  const device = 'spec.devices[0]';
  const policy = `${device}.capacity[memory].requestPolicy`;
  const policyOf = (requestPolicy: CapacityRequestPolicy) =>
    withDevice({ allowMultipleAllocations: true, capacity: { memory: { value: '8Gi', requestPolicy } } });
  const places = '`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`';
  it.each<[ResourceSlice, string]>([
    [sliceOf({ driver: '' }), 'spec.driver: Required value'],
    [
      sliceOf({ pool: { name: 'n1', generation: 1, resourceSliceCount: 0 } }),
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
    ],
    [
      sliceOf({ allNodes: false, nodeName: 'n1' }),
      'spec.allNodes: Invalid value: false: must be either unset or set to true',
    ],
    [
      sliceOf({ allNodes: true, nodeName: 'n1' }),
      `spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": exactly one of ${places} is required, but multiple fields are set`,
    ],
    [
      sliceOf({ devices: Array.from({ length: 129 }, (_, i) => ({ name: `gpu-${i}` })) }),
      'spec.devices: Too many: 129: must have at most 128 items',
    ],
    [sliceOf({ devices: [{ name: 'a' }, { name: 'a' }] }), 'spec.devices[1]: Duplicate value: "a"'],
    [
      withDevice({ attributes: { model: {} } }),
      `${device}.attributes[model]: Invalid value: "": exactly one value must be specified`,
    ],
    [
      withDevice({ attributes: { model: { int: 1, bool: true } } }),
      `${device}.attributes[model]: Invalid value: {"IntValue":1,"BoolValue":true,"StringValue":null,"VersionValue":null}: exactly one value must be specified`,
    ],
    [
      withDevice({ attributes: { ['x'.repeat(97)]: { int: 1 } } }),
      `${device}.attributes[${'x'.repeat(47)}...${'x'.repeat(46)}]: Too long: may not be more than 32 bytes`,
    ],
    [
      withDevice({ capacity: { memory: { value: '8Gi', requestPolicy: {} } } }),
      `${device}.capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true`,
    ],
    [policyOf({ validValues: ['1Gi'] }), `${policy}.default: Required value: required when validValues is defined`],
    [
      policyOf({ validRange: { min: '1Gi' } }),
      `${policy}.default: Required value: required when validRange is defined`,
    ],
    [
      policyOf({ validValues: ['1Gi'], validRange: { min: '1Gi' } }),
      `${policy}: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time`,
    ],
    [
      policyOf({ default: '2Gi', validValues: ['2Gi', '1Gi'] }),
      `${policy}.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order`,
    ],
    [
      policyOf({ default: '2Gi', validValues: ['2Gi', '2048Mi'] }),
      `${policy}.validValues[1]: Duplicate value: "2147483648"`,
    ],
    [
      policyOf({ default: '2Gi', validValues: ['2Gi', '9Gi'] }),
      `${policy}.validValues[1]: Invalid value: "9Gi": option is larger than capacity value: 8Gi`,
    ],
    [
      policyOf({ default: '1Gi', validValues: ['2Gi'] }),
      `${policy}.validValues: Invalid value: "1Gi": default value is not valid according to the requestPolicy`,
    ],
    [
      policyOf({ default: '1Gi', validRange: { min: '2Gi' } }),
      `${policy}.validRange.min: Invalid value: "1Gi": default is less than min: 2Gi`,
    ],
    [
      policyOf({ default: '2Gi', validRange: { max: '2Gi' } as CapacityRequestPolicyRange }),
      `${policy}.validRange.min: Required value: required when validRange is defined`,
    ],
    [
      policyOf({ default: '4Gi', validRange: { min: '2Gi', max: '3Gi' } }),
      `${policy}.validRange.max: Invalid value: "4Gi": default is more than max: 3Gi`,
    ],
    [
      policyOf({ default: '2Gi', validRange: { min: '2Gi', max: '9Gi' } }),
      `${policy}.validRange.max: Invalid value: "9Gi": max is larger than capacity value: 8Gi`,
    ],
    [
      policyOf({ default: '2Gi', validRange: { min: '1Gi', max: '5Gi', step: '2Gi' } }),
      `${policy}.validRange.step: Invalid value: "2Gi": value is not a multiple of a given step (2Gi) from (1Gi)`,
    ],
    [
      policyOf({ default: '1Gi', validRange: { min: '1Gi', step: '8Gi' } }),
      `${policy}.validRange.step: Invalid value: "8Gi": one step 9Gi is larger than capacity value: 8Gi`,
    ],
    [
      sliceOf({ devices: [], sharedCounters: [] }),
      'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
    ],
    [
      withDevice({ attributes: { model: { version: '1.2' } } }),
      `${device}.attributes[model].version: Invalid value: "1.2": must be a string compatible with semver.org spec 2.0.0`,
    ],
    [
      withDevice({ taints: [{ key: 'a', effect: 'Never' }] }),
      `${device}.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"`,
    ],
    [
      withDevice({ nodeName: 'n2' }),
      `${device}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
    ],
  ])('may not be %j', (it, error) => expect(texts(validateCreate(resourceSlice, it))).toEqual([error]));

  it('stays with its node, driver and pool', () => {
    const pool = { name: 'n2', generation: 2, resourceSliceCount: 1 };
    const now = sliceOf({ driver: 'other.example.com', nodeName: 'n2', pool });
    expect(texts(validateUpdate(resourceSlice, now, sliceOf()))).toEqual([
      'spec.pool.name: Invalid value: "n2": field is immutable',
      'spec.driver: Invalid value: "other.example.com": field is immutable',
      'spec.nodeName: Invalid value: "n2": field is immutable',
    ]);
  });

  it('names one of several places only, and each of them in full', () => {
    const errorsOf = (it: ResourceSlice) => texts(validateCreate(resourceSlice, it));
    expect(errorsOf(withDevice({ nodeName: '' }, { perDeviceNodeSelection: true }))).toEqual([
      `${device}.nodeName: Invalid value: "": must not be empty`,
      `${device}: Required value: exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` is required when \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
    ]);
    expect(errorsOf(sliceOf({ nodeName: '', allNodes: false }))).toEqual([
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      'spec.allNodes: Invalid value: false: must be either unset or set to true',
      `spec: Required value: exactly one of ${places} is required`,
    ]);
  });

  it('loses what belongs to features that are off', () => {
    const it = withDevice({
      attributes: { model: { string: 'a', strings: ['a'] } },
      nodeAllocatableResourceMappings: { memory: {} },
    });
    resourceSlice.prepareForCreate!(it);
    expect(it.spec.devices).toEqual([{ name: 'gpu-0', attributes: { model: { string: 'a' } } }]);
  });
});
