import { getPath } from '@coracle/api/meta/object';
import type { PersistentVolumeSource, VolumeSource } from '@coracle/api/types/core/v1';

/** A line of a source: its label, the (dotted) field of the source it shows, and what stands for an unset one. */
type Row = readonly [label: string, field: string, unset?: string];

interface SourceText {
  readonly type: string;
  readonly rows: readonly Row[];
}

const readOnly: Row = ['ReadOnly', 'readOnly', 'false'];
const fsType: Row = ['FSType', 'fsType'];

/** How the sources that pods' volumes and PersistentVolumes share are described, by field. */
const sources: Readonly<Record<string, SourceText>> = {
  hostPath: {
    type: 'HostPath (bare host directory volume)',
    rows: [
      ['Path', 'path'],
      ['HostPathType', 'type', '<none>'],
    ],
  },
  gcePersistentDisk: {
    type: 'GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)',
    rows: [['PDName', 'pdName'], fsType, ['Partition', 'partition', '0'], readOnly],
  },
  awsElasticBlockStore: {
    type: 'AWSElasticBlockStore (a Persistent Disk resource in AWS)',
    rows: [['VolumeID', 'volumeID'], fsType, ['Partition', 'partition', '0'], readOnly],
  },
  nfs: {
    type: 'NFS (an NFS mount that lasts the lifetime of a pod)',
    rows: [['Server', 'server'], ['Path', 'path'], readOnly],
  },
  iscsi: {
    type: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
    rows: [
      ['TargetPortal', 'targetPortal'],
      ['IQN', 'iqn'],
      ['Lun', 'lun', '0'],
      ['ISCSIInterface', 'iscsiInterface'],
      fsType,
      readOnly,
      ['Portals', 'portals', '[]'],
      ['DiscoveryCHAPAuth', 'chapAuthDiscovery', 'false'],
      ['SessionCHAPAuth', 'chapAuthSession', 'false'],
      ['SecretRef', 'secretRef', 'nil'],
      ['InitiatorName', 'initiatorName', '<none>'],
    ],
  },
  glusterfs: {
    type: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
    rows: [['EndpointsName', 'endpoints'], ['Path', 'path'], readOnly],
  },
  rbd: {
    type: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
    rows: [
      ['CephMonitors', 'monitors', '[]'],
      ['RBDImage', 'image'],
      fsType,
      ['RBDPool', 'pool'],
      ['RadosUser', 'user'],
      ['Keyring', 'keyring'],
      ['SecretRef', 'secretRef', 'nil'],
      readOnly,
    ],
  },
  quobyte: {
    type: "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
    rows: [['Registry', 'registry'], ['Volume', 'volume'], readOnly],
  },
  vsphereVolume: {
    type: 'vSphereVolume (a Persistent Disk resource in vSphere)',
    rows: [['VolumePath', 'volumePath'], fsType, ['StoragePolicyName', 'storagePolicyName']],
  },
  cinder: {
    type: 'Cinder (a Persistent Disk resource in OpenStack)',
    rows: [['VolumeID', 'volumeID'], fsType, readOnly, ['SecretRef', 'secretRef', 'nil']],
  },
  azureDisk: {
    type: 'AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)',
    rows: [
      ['DiskName', 'diskName'],
      ['DiskURI', 'diskURI'],
      ['Kind', 'kind'],
      fsType,
      ['CachingMode', 'cachingMode'],
      readOnly,
    ],
  },
  azureFile: {
    type: 'AzureFile (an Azure File Service mount on the host and bind mount to the pod)',
    rows: [['SecretName', 'secretName'], ['ShareName', 'shareName'], readOnly],
  },
  cephfs: {
    type: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
    rows: [
      ['Monitors', 'monitors', '[]'],
      ['Path', 'path'],
      ['User', 'user'],
      ['SecretFile', 'secretFile'],
      ['SecretRef', 'secretRef', 'nil'],
      readOnly,
    ],
  },
  fc: {
    type: 'FC (a Fibre Channel disk)',
    rows: [['TargetWWNs', 'targetWWNs'], ['LUN', 'lun', '0'], fsType, readOnly],
  },
  flocker: {
    type: 'Flocker (a Flocker volume mounted by the Flocker agent)',
    rows: [
      ['DatasetName', 'datasetName'],
      ['DatasetUUID', 'datasetUUID'],
    ],
  },
  flexVolume: {
    type: 'FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)',
    rows: [['Driver', 'driver'], fsType, ['SecretRef', 'secretRef', 'nil'], readOnly, ['Options', 'options', 'map[]']],
  },
  portworxVolume: {
    type: 'PortworxVolume (a Portworx Volume resource)',
    rows: [['VolumeID', 'volumeID']],
  },
  photonPersistentDisk: {
    type: 'PhotonPersistentDisk (a Persistent Disk resource in photon platform)',
    rows: [['PdID', 'pdID'], fsType],
  },
  scaleIO: {
    type: 'ScaleIO (a persistent volume backed by a block device in ScaleIO)',
    rows: [
      ['Gateway', 'gateway'],
      ['System', 'system'],
      ['Protection Domain', 'protectionDomain'],
      ['Storage Pool', 'storagePool'],
      ['Storage Mode', 'storageMode'],
      ['VolumeName', 'volumeName'],
      ['SecretName', 'secretRef.name'],
      fsType,
      readOnly,
    ],
  },
  storageos: {
    type: 'StorageOS (a StorageOS Persistent Disk resource)',
    rows: [['VolumeName', 'volumeName'], ['VolumeNamespace', 'volumeNamespace'], fsType, readOnly],
  },
  local: {
    type: 'LocalVolume (a persistent volume backed by local storage on a node)',
    rows: [['Path', 'path']],
  },
};

/** What PersistentVolumes say of a source beside what pods do: the row, and the one it follows. */
const persistentRows: Readonly<Record<string, { readonly after: string; readonly row: Row }>> = {
  azureFile: { after: 'SecretName', row: ['SecretNamespace', 'secretNamespace'] },
  glusterfs: { after: 'EndpointsName', row: ['EndpointsNamespace', 'endpointsNamespace', '<unset>'] },
  scaleIO: { after: 'SecretName', row: ['SecretNamespace', 'secretRef.namespace'] },
};

/** The lines that describe a source, undefined for one of no known type; `persistent`: the source of a PersistentVolume. */
export function sharedSourceLines(
  source: VolumeSource | PersistentVolumeSource,
  persistent: boolean,
): string[] | undefined {
  const given = source as unknown as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  const type = Object.keys(sources).find((each) => given[each] !== undefined);
  if (!type) return undefined;
  const { type: title, rows } = sources[type]!;
  const more = persistent ? persistentRows[type] : undefined;
  return [
    `Type:\t${title}`,
    ...rows
      .flatMap((row) => (row[0] === more?.after ? [row, more.row] : [row]))
      .map(
        ([label, field, unset = '']) => `${labelled(label)}\t${shown(getPath(given[type], field), unset, persistent)}`,
      ),
  ];
}

/** Upstream leaves out one colon. */
const labelled = (label: string): string => (label === 'ISCSIInterface' ? label : `${label}:`);

/** A value as Go's `%v` shows it. */
function shown(value: unknown, unset: string, persistent: boolean): string {
  if (value === undefined) return unset;
  if (Array.isArray(value)) return unset === '' ? value.join(', ') : `[${value.join(' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value as Record<string, string>);
  if (unset === 'map[]')
    return `map[${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => `${key}:${each}`)
      .join(' ')}]`;
  const { name = '', namespace = '' } = value as { name?: string; namespace?: string };
  return persistent ? `&SecretReference{Name:${name},Namespace:${namespace},}` : `&LocalObjectReference{Name:${name},}`;
}

const longestAttribute = 140;

/** The attributes of a CSI volume, an entry each, cut where they are long. */
export function attributeEntries(attributes: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(attributes ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .map((text) => (text.length > longestAttribute ? `${text.slice(0, longestAttribute)}...` : text));
}
