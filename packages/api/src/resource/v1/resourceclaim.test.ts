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
    [{ requests: [gpu, gpu] }, `${requests}[1]: Duplicate value: "gpu"`],
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
      { requests: [gpu], constraints: [{ requests: ['cpu'], matchAttribute: 'a/b' }] },
      `spec.devices.constraints[0].requests[0]: Invalid value: "cpu": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
    ],
    [
      { requests: [gpu], constraints: [{ matchAttribute: 'numa' }] },
      'spec.devices.constraints[0].matchAttribute: Invalid value: "numa": a fully qualified name must be a domain and a name separated by a slash',
    ],
    [
      { requests: [gpu], constraints: [{}] },
      'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
    ],
    [{ requests: [gpu], config: [{}] }, 'spec.devices.config[0].opaque: Required value'],
  ])('may not be %j', (devices, error) => expect(errorsOf(structuredClone(devices))).toContain(error));

  it('says of a list that is too long nothing else', () => {
    expect(errorsOf({ requests: Array(33).fill({ name: '' }) })).toEqual([
      `${requests}: Too many: 33: must have at most 32 items`,
    ]);
  });

  it('is asked one thing or the other, of which nothing else is said then', () => {
    expect(
      errorsOf({
        requests: [
          { name: 'a', exactly: { deviceClassName: '' }, firstAvailable: [{ name: '', deviceClassName: '' }] },
        ],
      }),
    ).toEqual([
      `${requests}[0]: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
    ]);
  });

  it('may say both what devices have in common and what they do not, of which the first counts', () => {
    const constraints = [{ matchAttribute: 'a/b', distinctAttribute: 'c' }];
    expect(errorsOf({ requests: [structuredClone(gpu)], constraints })).toEqual([]);
  });

  it('may put up with any effect of a taint without a key', () => {
    expect(errorsOf(exactly({ tolerations: [{ operator: 'Equal', value: 'a' }] }))).toEqual([]);
  });

  it('names what it does not know, and what is no name', () => {
    const reference =
      "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
    expect(
      errorsOf({ requests: [structuredClone(gpu)], constraints: [{ requests: ['G'], matchAttribute: 'a/b' }] }),
    ).toEqual([
      expect.stringContaining(
        'spec.devices.constraints[0].requests[0]: Invalid value: "G": a lowercase RFC 1123 label',
      ),
      `spec.devices.constraints[0].requests[0]: Invalid value: "G": ${reference}`,
    ]);
  });

  it('keeps what it asks for, of which nothing else is said then', () => {
    const wrong = claimOf({ requests: [{ name: 'gpu', exactly: { deviceClassName: '' } }] });
    expect(texts(validateUpdate(resourceClaim, wrong, claimOf({ requests: [structuredClone(gpu)] })))).toEqual([
      'spec: Invalid value: {"Devices":{"Requests":[{"Name":"gpu","Exactly":{"DeviceClassName":"","Selectors":null,"AllocationMode":"ExactCount","Count":1,"AdminAccess":null,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}: field is immutable',
    ]);
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
    [{ allocation, reservedFor: [pod('a'), pod('a')] }, undefined, 'status.reservedFor[1]: Duplicate value: "a"'],
    [
      { allocation: { devices: { results: [{ ...result, shareID: 'A' }] } } },
      undefined,
      'status.allocation.devices.results[0].shareID: Invalid value: "A": error validating uid: invalid UUID length: 1',
    ],
    [
      { allocation: { devices: { results: [{ ...result, shareID: 'A0000000-0000-0000-0000-000000000000' }] } } },
      undefined,
      'status.allocation.devices.results[0].shareID: Invalid value: "A0000000-0000-0000-0000-000000000000": uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters',
    ],
    [
      {
        allocation: {
          devices: { results: [{ ...result, bindingConditions: ['a'], bindingFailureConditions: ['a'] }] },
        },
      },
      undefined,
      'status.allocation.devices.results[0].bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions',
    ],
    [
      { allocation: { devices: { results: [{ ...result, bindingConditions: ['a'] }] } } },
      undefined,
      'status.allocation.devices.results[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
    ],
    [
      { allocation: { devices: { results: [{ ...result, bindingFailureConditions: ['a'] }] } } },
      undefined,
      'status.allocation.devices.results[0].bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions',
    ],
    [
      {
        allocation,
        devices: [{ driver: 'd.example', pool: 'n1', device: 'gpu-0', networkData: { ips: ['10.0.0.1'] } }],
      },
      undefined,
      'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
    ],
    [
      {
        allocation,
        devices: [{ driver: 'd.example', pool: 'n1', device: 'gpu-0', networkData: { ips: ['FD00::1/64'] } }],
      },
      undefined,
      'status.devices[0].networkData.ips[0]: Invalid value: "FD00::1/64": must be in canonical form ("fd00::1/64")',
    ],
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
      expect.stringMatching(
        /^status.allocation: Invalid value: {"Devices":{"Results":\[{"Request":"gpu".*: field is immutable$/,
      ),
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
  expect(texts(validateCreate(resourceClaimTemplate, it))).toEqual([
    expect.stringContaining('spec.spec.devices.requests[0].name: Invalid value: "": a lowercase RFC 1123 label'),
    'spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
  ]);
});

it('a ResourceClaimTemplate gives its claims labels and annotations, and no name', () => {
  const it = {
    metadata: { name: 'gpu', namespace: 'default' },
    spec: { metadata: { name: 'x', labels: { a: '/' }, annotations: { '!': 'a' } }, spec: { devices: {} } },
  };
  expect(texts(validateCreate(resourceClaimTemplate, it))).toEqual([
    expect.stringContaining('spec.metadata.annotations: Invalid value: "!"'),
    expect.stringContaining('spec.metadata.labels: Invalid value: "/"'),
    'spec.metadata.name: Forbidden: cannot be set',
  ]);
});
