import { describe, expect, it } from '@jest/globals';
import type { Device, ResourceSlice, ResourceSliceSpec } from '../../generated/resource/v1.ts';
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
  const places = '`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`';
  it.each<[ResourceSlice, string]>([
    [sliceOf({ driver: '' }), 'spec.driver: Required value'],
    [
      sliceOf({ pool: { name: 'n1', generation: 1, resourceSliceCount: 0 } }),
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
    ],
    [sliceOf({ allNodes: false }), 'spec.allNodes: Invalid value: false: must be either unset or set to true'],
    [
      sliceOf({ allNodes: true, nodeName: 'n1' }),
      `spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": exactly one of ${places} is required, but multiple fields are set`,
    ],
    [
      sliceOf({ devices: Array.from({ length: 129 }, (_, i) => ({ name: `gpu-${i}` })) }),
      'spec.devices: Too many: 129: must have at most 128 items',
    ],
    [sliceOf({ devices: [{ name: 'a' }, { name: 'a' }] }), 'spec.devices[1].name: Duplicate value: "a"'],
    [
      withDevice({ attributes: { model: {} } }),
      `${device}.attributes[model]: Required value: exactly one value must be specified`,
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
      `${device}.nodeName: Invalid value: "n2": \`nodeName\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
    ],
  ])('may not be %j', (it, error) => expect(texts(validateCreate(resourceSlice, it))).toEqual([error]));

  it('stays with its node, driver and pool', () => {
    const pool = { name: 'n2', generation: 2, resourceSliceCount: 1 };
    const now = sliceOf({ driver: 'other.example.com', nodeName: 'n2', pool });
    expect(texts(validateUpdate(resourceSlice, now, sliceOf()))).toEqual([
      'spec.driver: Invalid value: "other.example.com": field is immutable',
      'spec.pool.name: Invalid value: "n2": field is immutable',
      'spec.nodeName: Invalid value: "n2": field is immutable',
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
