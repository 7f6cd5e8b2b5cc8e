import type {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  FCVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
} from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
  tooLong,
} from '../../meta/field-path.ts';
import { inclusiveRangeError, isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';

/* The checks of sources that pods' volumes and PersistentVolumes share. */

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** Errors of fields that must be there: one for each that is not. */
export function validateRequired<T extends object>(
  source: T,
  fields: readonly (keyof T & string)[],
  at: Path,
): FieldError[] {
  return fields.filter((field) => isEmpty(source[field])).map((field) => required(at.child(field)));
}

const isEmpty = (value: unknown) => !value || (Array.isArray(value) && value.length === 0);

/** Errors of a path that may not climb. */
export function validateNoBacksteps(path: string, at: Path): FieldError[] {
  return path.split('/').includes('..') ? [invalid(at, path, "must not contain '..'")] : [];
}

/** Errors of a path inside a volume: relative, and never upwards. */
export function validateDescendingPath(path: string, at: Path): FieldError[] {
  return [
    ...(path.startsWith('/') ? [invalid(at, path, 'must be a relative path')] : []),
    ...validateNoBacksteps(path, at),
  ];
}

/** Errors of a path of a file inside a volume: names that start with two dots are kept for how files are swapped. */
export function validateRelativePath(path: string, at: Path): FieldError[] {
  const errors = validateDescendingPath(path, at);
  if (!path.startsWith('..') || path.startsWith('../')) return errors;
  return [...errors, invalid(at, path, "must not start with '..'")];
}

export function validateHostPath({ path, type = '' }: HostPathVolumeSource, at: Path): FieldError[] {
  if (!path) return [required(at.child('path'))];
  const errors = validateNoBacksteps(path, at.child('path'));
  return hostPathTypes.includes(type) ? errors : [...errors, notSupported(at.child('type'), type, hostPathTypes)];
}

export function validateNfs({ server, path = '' }: NFSVolumeSource, at: Path): FieldError[] {
  return [
    ...validateRequired({ server, path }, ['server', 'path'], at),
    ...(path.startsWith('/') ? [] : [invalid(at.child('path'), path, 'must be an absolute path')]),
  ];
}

/** A disk of a cloud: its name, and perhaps one of its partitions. */
export const validateDisk =
  <F extends 'pdName' | 'volumeID'>(name: F) =>
  (source: (GCEPersistentDiskVolumeSource | AWSElasticBlockStoreVolumeSource) & Record<F, string>, at: Path) => {
    const { partition = 0 } = source;
    const errors = source[name] ? [] : [required(at.child(name))];
    if (partition >= 0 && partition <= 255) return errors;
    return [...errors, invalid(at.child('partition'), partition, inclusiveRangeError(0, 255))];
  };

export function validateFlocker({ datasetName = '', datasetUUID = '' }: FlockerVolumeSource, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID) errors.push(required(at, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID)
    errors.push(invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  if (datasetName.includes('/')) errors.push(invalid(at.child('datasetName'), datasetName, "must not contain '/'"));
  return errors;
}

export function validateQuobyte({ registry, tenant = '', volume }: QuobyteVolumeSource, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  if (!registry) errors.push(required(at.child('registry'), pairs));
  else if (Buffer.byteLength(tenant) >= 65)
    errors.push(required(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  else {
    for (const pair of registry.split(','))
      if (!/^(\[[^\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair)) errors.push(invalid(at.child('registry'), registry, pairs));
  }
  return [...errors, ...(volume ? [] : [required(at.child('volume'))])];
}

export function validateFc({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const path = at.child('targetWWNs');
  if (targetWWNs.length === 0 && wwids.length === 0)
    errors.push(required(path, 'must specify either targetWWNs or wwids, but not both'));
  if (targetWWNs.length === 0) return errors;
  if (wwids.length > 0)
    errors.push(invalid(path, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  if (lun === undefined) errors.push(required(at.child('lun'), 'lun is required if targetWWNs is specified'));
  else append(errors, validateLun(lun, at));
  return errors;
}

const validateLun = (lun: number, at: Path): FieldError[] =>
  lun >= 0 && lun <= 255 ? [] : [invalid(at.child('lun'), lun, inclusiveRangeError(0, 255))];

export function validateAzureDisk(source: AzureDiskVolumeSource, at: Path): FieldError[] {
  const { cachingMode, kind, diskURI = '' } = source;
  const errors = validateRequired(source, ['diskName', 'diskURI'], at);
  const one = (field: 'cachingMode' | 'kind', value: string | undefined, known: readonly string[]) => {
    if (value !== undefined && !known.includes(value)) errors.push(notSupported(at.child(field), value, known));
  };
  one('cachingMode', cachingMode, ['None', 'ReadOnly', 'ReadWrite']);
  one('kind', kind, ['Dedicated', 'Managed', 'Shared']);
  if (kind === undefined) return errors;
  const [prefix, form] =
    kind === 'Managed'
      ? [
          '/subscriptions/',
          '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
        ]
      : ['https://', 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'];
  if (!diskURI.startsWith(prefix)) errors.push(notSupported(at.child('diskURI'), diskURI, [form]));
  return errors;
}

/** Errors of the options of a flex volume, beside its driver: Kubernetes keeps its own names to itself. */
export function validateFlex(source: { driver: string; options?: Record<string, string> }, at: Path): FieldError[] {
  const errors = validateRequired(source, ['driver'], at);
  for (const key of Object.keys(source.options ?? {})) {
    if (/(^|\.)(kubernetes|k8s)\.io$/i.test(key.split('/', 1)[0]!))
      errors.push(invalid(at.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved'));
  }
  return errors;
}

const initiatorForms = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

interface Iscsi {
  targetPortal: string;
  iqn: string;
  lun: number;
  chapAuthDiscovery?: boolean;
  chapAuthSession?: boolean;
  secretRef?: { name?: string };
  initiatorName?: string;
}

/**
 * Errors of an iSCSI target; `unknownForm` is the text for a name of no known form. `volume` is the name of the PersistentVolume it is of, which
 * is held to more.
 */
export function validateIscsi(source: Iscsi, at: Path, unknownForm: string, volume?: string): FieldError[] {
  const { iqn = '', lun = 0, secretRef, initiatorName } = source;
  const tooLong = volume === undefined ? undefined : initiatorTooLong(volume, source);
  const form = (name: string, path: Path): FieldError[] => {
    const known = initiatorForms[name.slice(0, 3) as keyof typeof initiatorForms];
    if (!known) return [invalid(path, name, unknownForm)];
    return known.test(name) ? [] : [invalid(path, name, 'must be valid format')];
  };
  return [
    ...validateRequired(source, ['targetPortal'], at),
    ...(tooLong ? [invalid(at.child('targetportal'), source.targetPortal, tooLong)] : []),
    ...(iqn ? form(iqn, at.child('iqn')) : [required(at.child('iqn'))]),
    ...validateLun(lun, at),
    ...((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef ? [required(at.child('secretRef'))] : []),
    ...(secretRef && volume !== undefined ? validateRequired(secretRef, ['name'], at.child('secretRef')) : []),
    ...(initiatorName === undefined ? [] : form(initiatorName, at.child('initiatorname'))),
  ];
}

/** The text for the names of a volume and its target that are too long together; undefined where they are not. */
export function initiatorTooLong(volume: string, { initiatorName, targetPortal }: Iscsi): string | undefined {
  if (initiatorName === undefined || Buffer.byteLength(`${volume}:${targetPortal}`) <= 64) return undefined;
  return 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
}

/** Errors of a volume of StorageOS, its secret aside. */
export function validateStorageOs(source: { volumeName?: string; volumeNamespace?: string }, at: Path): FieldError[] {
  const { volumeName, volumeNamespace } = source;
  return [
    ...(volumeName
      ? malformed(at.child('volumeName'), volumeName, isDns1123Label)
      : [required(at.child('volumeName'))]),
    ...(volumeNamespace ? malformed(at.child('volumeNamespace'), volumeNamespace, isDns1123Label) : []),
  ];
}

/** Errors of the name of a CSI driver, whose letters may be large where it is named. */
export function validateCsiDriverName(name: string, at: Path): FieldError[] {
  if (name === '') return [required(at)];
  return [
    ...(Buffer.byteLength(name) > 63 ? [tooLong(at, 63)] : []),
    ...isDns1123Subdomain(name.toLowerCase()).map((message) => invalid(at, name, message)),
  ];
}
