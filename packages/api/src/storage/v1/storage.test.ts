import { describe, expect, it } from '@jest/globals';
import type { CSIDriverSpec, CSINodeDriver, StorageClass, VolumeAttachment } from '../../generated/storage/v1.ts';
import type { Kind, KubeObject } from '../../kind.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { csiDriver } from './csidriver.ts';
import { csiNode } from './csinode.ts';
import { csiStorageCapacity } from './csistoragecapacity.ts';
import { storageClass } from './storageclass.ts';
import { volumeAttachment } from './volumeattachment.ts';
import { volumeAttributesClass } from './volumeattributesclass.ts';

const messages = (errors: { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

/** An object as it is after decoding. */
function defaulted<T extends KubeObject>(kind: Kind<T>, it: Omit<T, 'metadata'>, metadata: T['metadata'] = {}): T {
  const object = { metadata: { name: 'x', ...(kind.namespaced ? { namespace: 'n' } : {}), ...metadata }, ...it } as T;
  kind.defaults?.(object);
  return object;
}

describe('a storage class', () => {
  const of = (it: Partial<StorageClass>) => defaulted(storageClass, { provisioner: 'csi.example.com', ...it });
  const zone = (key: string, ...values: string[]) => ({ matchLabelExpressions: [{ key, values }] });

  it.each<[Partial<StorageClass>, string[]]>([
    [{ parameters: { type: 'ssd' }, allowedTopologies: [zone('zone', 'a'), zone('zone', 'b')] }, []],
    [{ provisioner: '' }, ['provisioner: Required value']],
    [
      { reclaimPolicy: 'Recycle', volumeBindingMode: 'Never' },
      [
        'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
        'volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"',
      ],
    ],
    [
      { parameters: { '': 'x', big: 'x'.repeat(262_144) } },
      [
        'parameters: Invalid value: "": field can not be empty.',
        'parameters: Too long: may not be more than 262144 bytes',
      ],
    ],
    [{ allowedTopologies: [{}] }, ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""']],
    [
      { allowedTopologies: [zone('a', 'x', 'y'), zone('a', 'y', 'x', 'x'), zone('b')] },
      [
        'allowedTopologies[1].matchLabelExpressions[0].values[2]: Duplicate value: "x"',
        'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
        'allowedTopologies[2].matchLabelExpressions[0].values: Required value',
      ],
    ],
  ])('%# is checked', (it, expected) => {
    expect(messages(validateCreate(storageClass, of(it)))).toEqual(expected);
  });

  it('makes the same volumes for ever', () => {
    const now = of({
      provisioner: 'b',
      parameters: { a: 'b' },
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    expect(messages(validateUpdate(storageClass, now, of({})))).toEqual([
      'parameters: Forbidden: updates to parameters are forbidden.',
      'provisioner: Forbidden: updates to provisioner are forbidden.',
      'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
      'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ]);
    expect(messages(validateUpdate(storageClass, of({ allowVolumeExpansion: true }), of({})))).toEqual([]);
  });

  it('warns of labels of nodes by their former names', () => {
    const key = 'failure-domain.beta.kubernetes.io/zone';
    expect(storageClass.warnings!(of({ allowedTopologies: [zone('a', 'x'), zone(key, 'x')] }), undefined, '')).toEqual([
      'allowedTopologies[1].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    ]);
  });

  it('says in its name that it is the default', () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const it = defaulted(storageClass, { provisioner: 'p' }, { annotations });
    expect(storageClass.columns!.map((column) => column.value(it, 0)).slice(0, 5)).toEqual([
      'x (default)',
      'p',
      'Delete',
      'Immediate',
      false,
    ]);
  });
});

describe('a class of attributes', () => {
  const of = (driverName: string, parameters?: Record<string, string>) =>
    defaulted(volumeAttributesClass, { driverName, ...(parameters ? { parameters } : {}) });

  it('has a driver and parameters, and keeps them', () => {
    expect(messages(validateCreate(volumeAttributesClass, of('')))).toEqual([
      'driverName: Required value',
      'parameters: Required value: must contain at least one key/value pair',
    ]);
    expect(messages(validateUpdate(volumeAttributesClass, of('b', { a: '2' }), of('a', { a: '1' })))).toEqual([
      'driverName: Forbidden: updates to driverName are forbidden.',
      'parameters: Forbidden: updates to parameters are forbidden.',
    ]);
  });
});

describe('an attachment', () => {
  const of = (source: VolumeAttachment['spec']['source'], attacher = 'csi.example.com') =>
    defaulted(volumeAttachment, { spec: { attacher, nodeName: 'n1', source } });
  const csi = { driver: 'csi.example.com', volumeHandle: 'v' };

  it.each<[VolumeAttachment, string[]]>([
    [of({ persistentVolumeName: 'pv' }), []],
    [of({ inlineVolumeSpec: { csi, accessModes: ['ReadWriteOnce'] } }), []],
    [
      of({}, 'A B'),
      [
        'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
        "spec.attacher: Invalid value: \"A B\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      of({
        inlineVolumeSpec: {
          capacity: { storage: '1' },
          hostPath: { path: '/x' },
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'a',
          volumeMode: 'Block',
        },
      }),
      [
        'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline volumes',
        'spec.source.inlineVolumeSpec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes',
      ],
    ],
  ])('%# is checked', (it, expected) => {
    expect(messages(validateCreate(volumeAttachment, it))).toEqual(expected);
  });

  it('is of one volume and one node, and reports what happened', () => {
    const old = of({ persistentVolumeName: 'a' });
    expect(messages(validateUpdate(volumeAttachment, of({ persistentVolumeName: 'b' }), old))).toEqual([
      'spec: Invalid value: {"Attacher":"csi.example.com","Source":{"PersistentVolumeName":"b","InlineVolumeSpec":null},"NodeName":"n1"}: field is immutable',
    ]);
    const status = { attached: false, attachError: { message: 'x'.repeat(1025), errorCode: -1 } };
    expect(messages(validateStatusUpdate(volumeAttachment, { ...old, status }, old))).toEqual([
      'status.attachError.message: Too long: may not be more than 262144 bytes',
      'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ]);
  });
});

describe('a CSI driver', () => {
  const of = (spec: CSIDriverSpec = {}) => defaulted(csiDriver, { spec });

  it('gets upstream defaults', () => {
    expect(of().spec).toEqual({
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      seLinuxMount: false,
      volumeLifecycleModes: ['Persistent'],
    });
  });

  it.each<[CSIDriverSpec, string[]]>([
    [{ tokenRequests: [{ audience: 'a' }, { audience: '' }] }, []],
    [
      {
        tokenRequests: [
          { audience: 'a', expirationSeconds: 1 },
          { audience: 'a' },
          { audience: 'b', expirationSeconds: 2 ** 33 },
        ],
      },
      [
        'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
        'spec.tokenRequests[2].expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds',
      ],
    ],
    [
      {
        fsGroupPolicy: 'All',
        volumeLifecycleModes: ['Never'],
        nodeAllocatableUpdatePeriodSeconds: 9,
        serviceAccountTokenInSecrets: false,
      },
      [
        'spec.fsGroupPolicy: Unsupported value: "All": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        'spec.volumeLifecycleModes: Unsupported value: "Never": supported values: "Persistent", "Ephemeral"',
        'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
        'spec.serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      ],
    ],
  ])('%j is checked', (spec, expected) => {
    expect(messages(validateCreate(csiDriver, of(spec)))).toEqual(expected);
  });

  it('has a name like any other object, which may be longer than volumes can say', () => {
    const named = (name: string) => messages(validateCreate(csiDriver, defaulted(csiDriver, { spec: {} }, { name })));
    expect(named('x'.repeat(64))).toEqual([]);
    expect(named('CSI.example.com')).toEqual([
      expect.stringContaining('metadata.name: Invalid value: "CSI.example.com": a lowercase RFC 1123 subdomain must'),
    ]);
  });

  it('does not get what is not on yet', () => {
    const fresh = of({ preventPodSchedulingIfMissing: true });
    csiDriver.prepareForCreate!(fresh);
    expect(fresh.spec.preventPodSchedulingIfMissing).toBeUndefined();
  });

  it('keeps how it attaches and what it makes, and counts its other changes', () => {
    const now = of({ attachRequired: false, volumeLifecycleModes: ['Ephemeral'] });
    expect(messages(validateUpdate(csiDriver, now, of()))).toEqual([
      'spec.attachedRequired: Invalid value: false: field is immutable',
      'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
    ]);
    const changed = of({ requiresRepublish: true });
    csiDriver.prepareForUpdate!(changed, of());
    expect(changed.metadata.generation).toBe(1);
  });
});

describe('the drivers of a node', () => {
  const of = (...drivers: CSINodeDriver[]) => defaulted(csiNode, { spec: { drivers } });
  const driver = { name: 'csi.example.com', nodeID: 'n' };

  it('are named once each', () => {
    expect(
      messages(
        validateCreate(
          csiNode,
          of(
            { ...driver, topologyKeys: ['a', 'a'] },
            { ...driver, nodeID: 'x'.repeat(257), allocatable: { count: -1 } },
          ),
        ),
      ),
    ).toEqual([
      'spec.drivers[0]: Duplicate value: "a"',
      `spec.drivers[1].nodeID: Invalid value: "${'x'.repeat(257)}": must be 256 characters or less`,
      'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
      'spec.drivers[1].name: Duplicate value: "csi.example.com"',
    ]);
  });

  it('stay what they are, but may take more volumes', () => {
    expect(messages(validateUpdate(csiNode, of({ ...driver, allocatable: { count: 3 } }), of(driver)))).toEqual([]);
    const other = { ...driver, name: 'other' };
    const moved = (it: CSINodeDriver) => ({ ...it, nodeID: 'm' });
    expect(messages(validateUpdate(csiNode, of(moved(other), moved(driver)), of(driver, other)))).toEqual([
      'spec.drivers: Invalid value: {"Name":"csi.example.com","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable',
      'spec.drivers: Invalid value: {"Name":"other","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable',
    ]);
    expect(messages(validateUpdate(csiNode, of(moved(driver)), of(driver)))).toEqual([
      'spec.drivers: Invalid value: {"Name":"csi.example.com","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable',
    ]);
  });
});

describe('the capacity of a driver', () => {
  it('warns of labels of nodes by their former names', () => {
    const nodeTopology = {
      matchExpressions: [{ key: 'beta.kubernetes.io/os', operator: 'Exists' }],
      matchLabels: { 'beta.kubernetes.io/arch': 'arm' },
    };
    const it = defaulted(csiStorageCapacity, { storageClassName: 'fast', nodeTopology });
    expect(csiStorageCapacity.warnings!(it, undefined, '')).toEqual([
      'nodeTopology.matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
      'nodeTopology.matchLabels.beta.kubernetes.io/arch: deprecated since v1.14; use "kubernetes.io/arch" instead',
    ]);
  });

  it('says of the largest volume what it likes', () => {
    const it = defaulted(csiStorageCapacity, { storageClassName: 'fast', maximumVolumeSize: '-1' });
    expect(messages(validateCreate(csiStorageCapacity, it))).toEqual([]);
  });

  it('is of a class, and not negative', () => {
    const of = (storageClassName: string, capacity: string) =>
      defaulted(csiStorageCapacity, { storageClassName, capacity });
    expect(messages(validateCreate(csiStorageCapacity, of('fast', '-1')))).toEqual([
      'capacity: Invalid value: "-1": must be greater than or equal to 0',
    ]);
    expect(messages(validateUpdate(csiStorageCapacity, of('slow', '1'), of('fast', '1')))).toEqual([
      'storageClassName: Invalid value: "slow": field is immutable',
    ]);
  });
});
