import { describe, expect, it } from '@jest/globals';
import type {
  AllocationResult,
  DeviceClaim,
  DeviceRequest,
  ResourceClaim,
  ResourceClaimStatus,
} from '../../generated/resource/v1.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { resourceClaim } from './resourceclaim.ts';
import { resourceClaimTemplate } from './resourceclaimtemplate.ts';

const claimOf = (devices: DeviceClaim, status?: ResourceClaimStatus): ResourceClaim => {
  const it: ResourceClaim = {
    metadata: { name: 'gpu', namespace: 'default' },
    spec: { devices },
    ...(status && { status }),
  };
  resourceClaim.defaults!(it);
  return it;
};
const texts = (errors: { field: string; message: string }[]) => errors.map((each) => `${each.field}: ${each.message}`);
const errorsOf = (devices: DeviceClaim) => texts(validateCreate(resourceClaim, claimOf(devices)));

const gpu: DeviceRequest = { name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } };
const either: DeviceRequest = {
  name: 'any',
  firstAvailable: [
    { name: 'big', deviceClassName: 'big' },
    { name: 'small', deviceClassName: 'small' },
  ],
};
const exactly = (change: object): DeviceClaim => ({
  requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu', ...change } }],
});

describe('a ResourceClaim', () => {
  it('asks for one device where it does not say how many', () => {
    const { spec } = claimOf({
      requests: [structuredClone(gpu), { name: 'all', exactly: { deviceClassName: 'x', allocationMode: 'All' } }],
    });
    expect(spec.devices!.requests!.map((each) => each.exactly)).toEqual([
      { deviceClassName: 'gpu.example.com', allocationMode: 'ExactCount', count: 1 },
      { deviceClassName: 'x', allocationMode: 'All' },
    ]);
  });

  it.each<DeviceClaim>([
    {},
    { requests: [gpu, either], constraints: [{ requests: ['gpu', 'any/big'], matchAttribute: 'example.com/numa' }] },
    { requests: [gpu], config: [{ requests: ['gpu'], opaque: { driver: 'd.example', parameters: {} } }] },
    exactly({ tolerations: [{ operator: 'Exists' }, { key: 'example.com/x', value: 'y', effect: 'NoExecute' }] }),
  ])('may be %j', (devices) => expect(errorsOf(structuredClone(devices))).toEqual([]));

  const requests = 'spec.devices.requests';
  it.each<[DeviceClaim, string]>([
    [{ requests: Array(33).fill(gpu) }, `${requests}: Too many: 33: must have at most 32 items`],
    [{ requests: [gpu, gpu] }, `${requests}[1].name: Duplicate value: "gpu"`],
    [
      { requests: [{ name: 'gpu' }] },
      `${requests}[0]: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`,
    ],
    [exactly({ deviceClassName: '' }), `${requests}[0].exactly.deviceClassName: Required value`],
    [exactly({ count: -1 }), `${requests}[0].exactly.count: Invalid value: -1: must be greater than zero`],
    [
      exactly({ allocationMode: 'All', count: 2 }),
      `${requests}[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
    ],
    [
      exactly({ allocationMode: 'Some' }),
      `${requests}[0].exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`,
    ],
    [
      exactly({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }),
      `${requests}[0].exactly.tolerations[0].value: Invalid value: "b": must be empty for operator \`Exists\``,
    ],
    [
      exactly({ selectors: [{ cel: { expression: '' } }] }),
      `${requests}[0].exactly.selectors[0].cel.expression: Required value`,
    ],
    [
      { requests: [gpu], constraints: [{ requests: ['cpu'], matchAttribute: 'a/b' }] },
      `spec.devices.constraints[0].requests[0]: Invalid value: "cpu": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
    ],
    [
      { requests: [gpu], constraints: [{ matchAttribute: 'numa' }] },
      'spec.devices.constraints[0].matchAttribute: Invalid value: "numa": must include a domain',
    ],
    [{ requests: [gpu], config: [{}] }, 'spec.devices.config[0].opaque: Required value'],
  ])('may not be %j', (devices, error) => expect(errorsOf(structuredClone(devices))).toContain(error));

  it('keeps what it asks for', () => {
    const errors = texts(validateUpdate(resourceClaim, claimOf({ requests: [either] }), claimOf({ requests: [gpu] })));
    expect(errors).toEqual([expect.stringMatching(/^spec: Invalid value: .*: field is immutable$/)]);
  });

  const result = { request: 'gpu', driver: 'd.example', pool: 'n1', device: 'gpu-0' };
  const allocation: AllocationResult = { devices: { results: [result] } };
  const pod = (uid: string) => ({ resource: 'pods', name: uid, uid });
  const statusErrors = (status: ResourceClaimStatus, old?: ResourceClaimStatus) =>
    texts(validateStatusUpdate(resourceClaim, claimOf({ requests: [gpu] }, status), claimOf({ requests: [gpu] }, old)));

  it.each<[ResourceClaimStatus, ResourceClaimStatus | undefined]>([
    [{ allocation }, undefined],
    [{ allocation, reservedFor: Array.from({ length: 256 }, (_, i) => pod(`u${i}`)) }, { allocation }],
    [{}, { allocation }],
    [{ allocation, devices: [{ driver: 'd.example', pool: 'n1', device: 'gpu-0', data: { a: 1 } }] }, { allocation }],
  ])('may get the status %j', (status, old) => expect(statusErrors(status, old)).toEqual([]));

  it.each<[ResourceClaimStatus, ResourceClaimStatus | undefined, string]>([
    [
      { reservedFor: [pod('a')] },
      undefined,
      'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
    ],
    [
      { allocation, reservedFor: Array.from({ length: 257 }, (_, i) => pod(`u${i}`)) },
      undefined,
      'status.reservedFor: Too many: 257: must have at most 256 items',
    ],
    [{ allocation, reservedFor: [pod('a'), pod('a')] }, undefined, 'status.reservedFor[1].uid: Duplicate value: "a"'],
    [
      { allocation: { devices: { results: [{ ...result, request: 'cpu' }] } } },
      undefined,
      `status.allocation.devices.results[0].request: Invalid value: "cpu": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
    ],
    [
      { allocation, devices: [{ driver: 'd.example', pool: 'n1', device: 'gpu-1' }] },
      undefined,
      'status.devices[0]: Invalid value: "d.example/n1/gpu-1": must be an allocated device in the claim',
    ],
  ])('may not get the status %j', (status, old, error) => expect(statusErrors(status, old)).toEqual([error]));

  it('keeps its allocation until that is taken back', () => {
    const other: AllocationResult = { devices: { results: [{ ...result, device: 'gpu-1' }] } };
    expect(statusErrors({ allocation: other }, { allocation })).toEqual([
      expect.stringMatching(/^status.allocation: Invalid value: .*: field is immutable$/),
    ]);
  });

  it.each<[ResourceClaimStatus | undefined, string]>([
    [undefined, 'pending'],
    [{ allocation }, 'allocated'],
    [{ allocation, reservedFor: [pod('a')] }, 'allocated,reserved'],
  ])('with status %j is shown as %s', (status, shown) => {
    expect(resourceClaim.columns![0]!.value(claimOf({}, status), 0)).toBe(shown);
  });
});

it('a ResourceClaimTemplate is checked as the claims it is for', () => {
  const it = {
    metadata: { name: 'gpu', namespace: 'default' },
    spec: { spec: { devices: { requests: [{ name: '' }] } } },
  };
  expect(texts(validateCreate(resourceClaimTemplate, it))).toContain(
    'spec.spec.devices.requests[0].name: Required value',
  );
});
