import { describe, expect, it } from '@jest/globals';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
} from '../../generated/core/v1.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { persistentVolume } from './persistentvolume.ts';
import { persistentVolumeClaim } from './persistentvolumeclaim.ts';

const messages = (errors: { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

describe('a persistent volume', () => {
  const of = (spec: PersistentVolumeSpec): PersistentVolume => {
    const it = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...spec },
    };
    persistentVolume.defaults!(it);
    return it;
  };
  const hostPath = { path: '/data' };
  const csi = { driver: 'csi.example.com', volumeHandle: 'v' };
  const onNode = (key: string) => ({
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] },
  });

  it('gets upstream defaults', () => {
    const it = of({ hostPath: { ...hostPath }, iscsi: { targetPortal: 'p', iqn: 'q', lun: 0 } });
    expect(it).toMatchObject({
      spec: {
        persistentVolumeReclaimPolicy: 'Retain',
        volumeMode: 'Filesystem',
        hostPath: { type: '' },
        iscsi: { iscsiInterface: 'default' },
      },
      status: { phase: 'Pending' },
    });
  });

  it.each<[PersistentVolumeSpec, string[]]>([
    [{ hostPath }, []],
    [{ csi, volumeAttributesClassName: 'gold' }, []],
    [{}, ['spec: Required value: must specify a volume type']],
    [
      { hostPath, accessModes: [], capacity: {} },
      [
        'spec.accessModes: Required value',
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: {}: supported values: "storage"',
      ],
    ],
    [
      { hostPath, capacity: { storage: '0', cpu: '1' } },
      [
        'spec.capacity: Unsupported value: {"cpu":"1","storage":"0"}: supported values: "storage"',
        'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
      ],
    ],
    [
      { hostPath, accessModes: ['ReadWriteOncePod', 'ReadOnlyMany', 'Never'] },
      [
        'spec.accessModes: Unsupported value: "Never": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
      ],
    ],
    [
      { hostPath: { path: '/a/../b', type: 'Disk' }, nfs: { server: '', path: '' } },
      [
        'spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
        'spec.hostPath.type: Unsupported value: "Disk": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
        'spec.nfs: Forbidden: may not specify more than 1 volume type',
      ],
    ],
    [
      { nfs: { server: '', path: 'x' } },
      ['spec.nfs.server: Required value', 'spec.nfs.path: Invalid value: "x": must be an absolute path'],
    ],
    [{ local: { path: '/x' } }, ['spec.nodeAffinity: Required value: Local volume requires node affinity']],
    [{ local: { path: '/x' }, nodeAffinity: onNode('kubernetes.io/hostname') }, []],
    [
      { hostPath, nodeAffinity: {} },
      ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
    ],
    [
      { gcePersistentDisk: { pdName: '', partition: 256 } },
      [
        'spec.persistentDisk.pdName: Required value',
        'spec.persistentDisk.partition: Invalid value: 256: must be between 0 and 255, inclusive',
      ],
    ],
    [
      { iscsi: { targetPortal: 'p'.repeat(60), iqn: 'x', lun: 300, initiatorName: 'iqn.x', chapAuthSession: true } },
      [
        `spec.iscsi.targetportal: Invalid value: "${'p'.repeat(60)}": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.`,
        'spec.iscsi.iqn: Invalid value: "x": must be valid format',
        'spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive',
        'spec.iscsi.secretRef: Required value',
        'spec.iscsi.initiatorname: Invalid value: "iqn.x": must be valid format',
      ],
    ],
    [
      { iscsi: { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:x', lun: 0, secretRef: {}, initiatorName: 'x' } },
      [
        'spec.iscsi.secretRef.name: Required value',
        'spec.iscsi.initiatorname: Invalid value: "x": must be valid format',
      ],
    ],
    [
      { csi: { driver: 'CSI.example.com', volumeHandle: '', nodePublishSecretRef: { name: 's' } } },
      ['spec.csi.volumeHandle: Required value', 'spec.csi.nodePublishSecretRef.namespace: Required value'],
    ],
    [
      { hostPath: { path: '//' }, persistentVolumeReclaimPolicy: 'Recycle' },
      ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    ],
    [
      { hostPath, persistentVolumeReclaimPolicy: 'Keep', volumeMode: 'Tape', volumeAttributesClassName: '' },
      [
        'spec.persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"',
        'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
        'spec.volumeAttributesClassName: Required value: an empty string is disallowed',
        'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
      ],
    ],
  ])('%j is checked', (spec, expected) => {
    expect(messages(validateCreate(persistentVolume, of(spec)))).toEqual(expected);
  });

  it('stays where it is', () => {
    const moved = of({ hostPath: { path: '/other' }, volumeMode: 'Block' });
    expect(messages(validateUpdate(persistentVolume, moved, of({ hostPath })))).toEqual([
      [
        'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
        '@@ -2,7 +2,7 @@',
        '  "GCEPersistentDisk": null,',
        '  "AWSElasticBlockStore": null,',
        '  "HostPath": {',
        '-  "Path": "/data",',
        '+  "Path": "/other",',
        '   "Type": ""',
        '  },',
        '  "Glusterfs": null,',
        '',
      ].join('\n'),
      'volumeMode: Invalid value: "Block": field is immutable',
    ]);
  });

  it('may learn how it grows, and follow the renaming of labels', () => {
    const secret = { name: 's', namespace: 'n' };
    const now = of({ csi: { ...csi, controllerExpandSecretRef: secret }, nodeAffinity: onNode('kubernetes.io/os') });
    const old = of({ csi, nodeAffinity: onNode('beta.kubernetes.io/os') });
    expect(messages(validateUpdate(persistentVolume, now, old))).toEqual([]);
    expect(messages(validateUpdate(persistentVolume, of({ csi, nodeAffinity: onNode('zone') }), old))).toEqual([
      'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"zone","Operator":"In","Values":["a"]}],"MatchFields":null}]}}: field is immutable',
    ]);
  });

  it('is shown with its claim', () => {
    const it = of({ hostPath, claimRef: { namespace: 'default', name: 'data' }, storageClassName: 'fast' });
    const cells = persistentVolume.columns!.map((column) => column.value(it, 0));
    expect(cells).toEqual([
      '1Gi',
      'RWO',
      'Retain',
      'Pending',
      'default/data',
      'fast',
      '<unset>',
      '',
      '<unknown>',
      'Filesystem',
    ]);
  });
});

describe('a claim', () => {
  type Status = NonNullable<PersistentVolumeClaim['status']>;
  const of = (spec: PersistentVolumeClaimSpec = {}, status?: Status, annotations?: Record<string, string>) => {
    const it: PersistentVolumeClaim = {
      metadata: { name: 'data', namespace: 'default', ...(annotations ? { annotations } : {}) },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
      ...(status ? { status } : {}),
    };
    persistentVolumeClaim.defaults!(it);
    return it;
  };
  const sized = (storage: string): PersistentVolumeClaimSpec => ({ resources: { requests: { storage } } });
  const annotation = 'volume.beta.kubernetes.io/storage-class';

  it.each<[PersistentVolumeClaimSpec, string[]]>([
    [{}, []],
    [{ accessModes: [] }, ['spec.accessModes: Required value: at least 1 access mode is required']],
    [{ resources: {} }, ['spec.resources[storage]: Required value']],
    [sized('-1'), ['spec.resources[storage]: Invalid value: "-1": must be greater than zero']],
    [
      { volumeMode: 'Tape', selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } },
      [
        'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
        'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
      ],
    ],
    [
      { dataSource: { kind: 'Pod', name: '' } },
      [
        'spec.dataSource.name: Required value',
        'spec.dataSource: Invalid value: "Pod": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
      ],
    ],
    [
      {
        dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
      },
      ['spec: Invalid value: "spec.dataSource": must match dataSourceRef'],
    ],
  ])('%j is checked', (spec, expected) => {
    expect(messages(validateCreate(persistentVolumeClaim, of(spec)))).toEqual(expected);
  });

  it('says where its contents come from in both fields', () => {
    const source = { kind: 'PersistentVolumeClaim', name: 'a' };
    const book = { apiGroup: 'example.com', kind: 'Book', name: 'a' };
    expect(of({ dataSource: source }).spec.dataSourceRef).toEqual(source);
    expect(of({ dataSourceRef: book }).spec.dataSource).toEqual(book);
    const ignored = of({ dataSource: book });
    persistentVolumeClaim.prepareForCreate!(ignored);
    expect([ignored.spec.dataSource, ignored.spec.dataSourceRef]).toEqual([undefined, undefined]);
  });

  it('is changed without what its older field cannot name, and with what it was made of', () => {
    const book = { apiGroup: 'example.com', kind: 'Book', name: 'a' };
    const updated = (spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec) => {
      const it = of(spec);
      persistentVolumeClaim.prepareForUpdate!(it, of(old));
      const { dataSource, dataSourceRef } = it.spec;
      return { dataSource, dataSourceRef };
    };
    const nothing = { dataSource: undefined, dataSourceRef: undefined };
    const both = { dataSource: book, dataSourceRef: book };
    expect(updated({ dataSource: book }, {})).toEqual(nothing);
    expect(updated({ dataSourceRef: { ...book, namespace: 'other' } }, {})).toEqual(nothing);
    expect(updated({ dataSource: book }, both)).toEqual(both);
    expect(updated({ dataSourceRef: book }, both)).toEqual(both);
  });

  const bound: Status = { phase: 'Bound', capacity: { storage: '1Gi' } };
  const immutable =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n';
  it.each<[string, PersistentVolumeClaim, PersistentVolumeClaim, string[]]>([
    ['grows once it is bound', of(sized('2Gi'), bound), of(sized('1Gi'), bound), []],
    ['goes back from a failed growth', of(sized('2Gi'), bound), of(sized('3Gi'), bound), []],
    [
      'does not shrink',
      of(sized('1Gi'), bound),
      of(sized('2Gi'), bound),
      ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
    ],
    ['gets its volume', of({ volumeName: 'pv' }), of(), []],
    ['gets a class', of({ storageClassName: 'fast' }), of(), []],
    [
      'takes its class from the annotation',
      of({ storageClassName: 'a' }),
      of({}, undefined, { [annotation]: 'a' }),
      [],
    ],
    [
      'keeps the annotation',
      of({}, undefined, { [annotation]: 'b' }),
      of({}, undefined, { [annotation]: 'a' }),
      [`metadata.annotations[${annotation}]: Invalid value: "b": field is immutable`],
    ],
    [
      'keeps what it asks for',
      of({ accessModes: ['ReadWriteOnce'] }),
      of({ accessModes: ['ReadWriteMany'] }),
      [
        `${immutable}${[
          '@@ -1,6 +1,6 @@',
          ' {',
          '  "AccessModes": [',
          '-  "ReadWriteMany"',
          '+  "ReadWriteOnce"',
          '  ],',
          '  "Selector": null,',
          '  "Resources": {',
          '',
        ].join('\n')}`,
      ],
    ],
    [
      'keeps its size while it is not bound',
      of(sized('2Gi')),
      of(sized('1Gi')),
      [
        `${immutable}${[
          '@@ -6,7 +6,7 @@',
          '  "Resources": {',
          '   "Limits": null,',
          '   "Requests": {',
          '-   "storage": "1Gi"',
          '+   "storage": "2Gi"',
          '   }',
          '  },',
          '  "VolumeName": "",',
          '',
        ].join('\n')}`,
      ],
    ],
    [
      'changes the class of its attributes',
      of({ volumeAttributesClassName: 'b' }, bound),
      of({ volumeAttributesClassName: 'a' }, bound),
      [],
    ],
    [
      'takes back a class of attributes that it never got',
      of({}, bound),
      of({ volumeAttributesClassName: 'a' }, bound),
      [],
    ],
    [
      'keeps having a class of attributes once it has one',
      of({}, bound),
      of({ volumeAttributesClassName: 'a' }, { ...bound, currentVolumeAttributesClassName: 'a' }),
      [
        'spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when status.currentVolumeAttributesClassName is not nil',
      ],
    ],
    [
      'keeps naming a class of attributes once it has one',
      of({ volumeAttributesClassName: '' }, bound),
      of({ volumeAttributesClassName: 'a' }, { ...bound, currentVolumeAttributesClassName: 'a' }),
      [
        'spec.volumeAttributesClassName: Forbidden: update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil',
      ],
    ],
  ])('%s', (_name, it, old, expected) => {
    expect(messages(validateUpdate(persistentVolumeClaim, it, old))).toEqual(expected);
  });

  it('is reported on by who has seen it', () => {
    const status: Status = {
      ...bound,
      capacity: { storage: '-1' },
      allocatedResourceStatuses: { cpu: 'Growing', storage: 'NodeResizePending' },
      allocatedResources: { storage: '1Gi' },
    };
    expect(messages(validateStatusUpdate(persistentVolumeClaim, of({}, status), of()))).toEqual([
      'resourceVersion: Required value',
      'status.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
      'status.allocatedResourceStatus: Unsupported value: "cpu": supported values: "storage"',
      'status.allocatedResourceStatus: Unsupported value: "cpu": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    ]);
  });
});
