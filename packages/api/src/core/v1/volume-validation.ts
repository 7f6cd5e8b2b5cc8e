import type {
  KeyToPath,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
  VolumeSource,
} from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';
import { validateFieldRef, validateResourceFieldRef } from './env-validation.ts';
import { validateClaimTemplate } from './persistentvolumeclaim-validation.ts';
import {
  initiatorTooLong,
  validateAzureDisk,
  validateCsiDriverName,
  validateDescendingPath,
  validateDisk,
  validateFc,
  validateFlex,
  validateFlocker,
  validateHostPath,
  validateIscsi,
  validateNfs,
  validateQuobyte,
  validateRelativePath,
  validateRequired,
  validateStorageOs,
} from './volume-source-validation.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

/** Errors of a pod's volumes, and the names mounts may refer to. `podName` is empty where the pod has none yet. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  at: Path,
  podName: string,
): { names: Map<string, Volume>; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const names = new Map<string, Volume>();
  const ephemeral = podName === '' ? [] : (volumes ?? []).filter((each) => each.ephemeral);
  const madeClaims = new Set(ephemeral.map(({ name }) => `${podName}-${name}`));
  for (const [i, volume] of (volumes ?? []).entries()) {
    const path = at.index(i);
    const wrong = validateSource(volume, podName, path);
    // A template may leave to others what is mounted.
    if (podName !== '' && volume.image && !volume.image.reference) wrong.push(required(path.child('image.reference')));
    if (!volume.name) wrong.push(required(path.child('name')));
    else append(wrong, malformed(path.child('name'), volume.name, isDns1123Label));
    if (names.has(volume.name)) wrong.push(duplicate(path.child('name'), volume.name));
    // What is wrong in itself cannot be mounted either.
    if (wrong.length === 0) names.set(volume.name, volume);
    append(errors, wrong);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && madeClaims.has(claim)) {
      const why = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(path.child('persistentVolumeClaim.claimName'), claim, why));
    }
  }
  return { names, errors };
}

type Checks = {
  [K in keyof VolumeSource]-?: (source: NonNullable<VolumeSource[K]>, at: Path) => FieldError[];
};

/** The sources a volume of a pod can have, in the order they are looked at. */
const checks: Checks = {
  emptyDir: ({ sizeLimit }, at) =>
    sizeLimit?.startsWith('-')
      ? [forbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: validateHostPath,
  gitRepo: (source, at) => [
    ...validateRequired(source, ['repository'], at),
    ...validateDescendingPath(source.directory ?? '', at.child('directory')),
  ],
  gcePersistentDisk: validateDisk('pdName'),
  awsElasticBlockStore: validateDisk('volumeID'),
  secret: (source, at) => [
    ...validateRequired(source, ['secretName'], at),
    ...validateMode(source.defaultMode, at.child('defaultMode')),
    ...validateItems(source.items, at.child('items')),
  ],
  nfs: validateNfs,
  iscsi: (source, at) => validateIscsi(source, at, 'must be valid format starting with iqn, eui, or naa'),
  glusterfs: (source, at) => validateRequired(source, ['endpoints', 'path'], at),
  persistentVolumeClaim: (source, at) => validateRequired(source, ['claimName'], at),
  rbd: (source, at) => validateRequired(source, ['monitors', 'image'], at),
  cinder: (source, at) => [
    ...validateRequired(source, ['volumeID'], at),
    ...(source.secretRef ? validateRequired(source.secretRef, ['name'], at.child('secretRef')) : []),
  ],
  cephfs: (source, at) => validateRequired(source, ['monitors'], at),
  quobyte: validateQuobyte,
  flocker: validateFlocker,
  downwardAPI: ({ defaultMode, items }, at) => [
    ...validateMode(defaultMode, at.child('defaultMode')),
    ...validateDownward(items, at),
  ],
  fc: validateFc,
  flexVolume: validateFlex,
  configMap: (source, at) => [
    ...validateRequired(source, ['name'], at),
    ...validateMode(source.defaultMode, at.child('defaultMode')),
    ...validateItems(source.items, at.child('items')),
  ],
  azureFile: (source, at) => validateRequired(source, ['secretName', 'shareName'], at),
  vsphereVolume: (source, at) => validateRequired(source, ['volumePath'], at),
  photonPersistentDisk: (source, at) => validateRequired(source, ['pdID'], at),
  portworxVolume: (source, at) => validateRequired(source, ['volumeID'], at),
  azureDisk: validateAzureDisk,
  storageos: (source, at) => [
    ...validateStorageOs(source, at),
    ...(source.secretRef ? validateRequired(source.secretRef, ['name'], at.child('secretRef')) : []),
  ],
  projected: ({ defaultMode, sources }, at) => [
    ...validateMode(defaultMode, at.child('defaultMode')),
    ...validateProjections(sources ?? [], at),
  ],
  scaleIO: (source, at) => validateRequired(source, ['gateway', 'system', 'volumeName'], at),
  csi({ driver = '', nodePublishSecretRef: secret }, at) {
    const errors = validateCsiDriverName(driver, at.child('driver'));
    if (!secret) return errors;
    // The second path is upstream's.
    return secret.name
      ? [...errors, ...malformed(at.child('name'), secret.name, isDns1123Subdomain)]
      : [...errors, required(at.child('nodePublishSecretRef.name'))];
  },
  ephemeral: ({ volumeClaimTemplate: template }, at) =>
    template
      ? validateClaimTemplate(template, at.child('volumeClaimTemplate'))
      : [required(at.child('volumeClaimTemplate'))],
  image: ({ pullPolicy = '' }, at) =>
    pullPolicies.includes(pullPolicy) ? [] : [notSupported(at.child('pullPolicy'), pullPolicy, pullPolicies)],
};

const types = Object.keys(checks) as (keyof VolumeSource)[];

/** Where upstream's messages name a field otherwise than the API. */
const forbiddenAs: Partial<Record<keyof VolumeSource, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function validateSource(volume: Volume, podName: string, at: Path): FieldError[] {
  const [first, ...more] = types.filter((type) => volume[type] !== undefined);
  if (!first) return [required(at, 'must specify a volume type')];
  const check = checks[first] as (source: unknown, at: Path) => FieldError[];
  return [
    ...check(volume[first], at.child(first === 'gcePersistentDisk' ? 'persistentDisk' : first)),
    ...validateNamesMade(volume, podName, at),
    ...more.map((type) => forbidden(at.child(forbiddenAs[type] ?? type), 'may not specify more than 1 volume type')),
  ];
}

/** Errors of names that are made of the volume's: of a claim for it, of an initiator. */
function validateNamesMade({ name, ephemeral, iscsi }: Volume, podName: string, at: Path): FieldError[] {
  if (!name) return [];
  const path = at.child('name');
  const tooLong = iscsi && initiatorTooLong(name, iscsi);
  if (tooLong) return [invalid(path, name, tooLong)];
  if (!ephemeral || podName === '') return [];
  const claim = `${podName}-${name}`;
  return isDns1123Subdomain(claim).map((message) => invalid(path, name, `PVC name "${claim}": ${message}`));
}

const projections = ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken'] as const;

function validateProjections(sources: readonly VolumeProjection[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  // What is shown of two files at one path is the name of the second's source, where it has one.
  const claim = (path: string, shown = path) => {
    if (path === '') return;
    if (paths.has(path)) errors.push(invalid(at, shown, 'conflicting duplicate paths'));
    paths.add(path);
  };
  for (const [i, source] of sources.entries()) {
    const path = at.child('sources').index(i);
    for (const type of ['secret', 'configMap'] as const) {
      const projection = source[type];
      if (!projection) continue;
      if (!projection.name) errors.push(required(path.child(type).child('name')));
      append(errors, validateItems(projection.items, path.child(type).child('items')));
      for (const item of projection.items ?? []) claim(item.path ?? '', projection.name ?? '');
    }
    if (source.downwardAPI) {
      append(errors, validateDownward(source.downwardAPI.items, path.child('downwardAPI')));
      for (const item of source.downwardAPI.items ?? []) claim(item.path ?? '');
    }
    // Where the token's file is is looked at as the volume's, which is upstream's path, and not among those of the others.
    const token = source.serviceAccountToken;
    if (token) append(errors, validateTokenTime(token, path.child('serviceAccountToken.expirationSeconds')));
    if (token?.path) append(errors, validateRelativePath(token.path, at.child('path')));
    else if (token) errors.push(required(at.child('path')));
    if (projections.filter((type) => source[type]).length > 1)
      errors.push(forbidden(path, 'may not specify more than 1 volume type'));
  }
  return errors;
}

function validateTokenTime(
  { expirationSeconds: seconds = 3600 }: ServiceAccountTokenProjection,
  at: Path,
): FieldError[] {
  if (seconds < 600) return [invalid(at, seconds, 'may not specify a duration less than 10 minutes')];
  return seconds > 2 ** 32 ? [invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
}

function validateDownward(
  items: readonly { path: string; fieldRef?: object; resourceFieldRef?: object; mode?: number }[] | undefined,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const item of items ?? []) {
    if (!item.path) errors.push(required(at.child('path')));
    else append(errors, validateRelativePath(item.path, at.child('path')));
    if (item.fieldRef) {
      append(errors, validateFieldRef(item.fieldRef, 'volume', at.child('fieldRef')));
      if (item.resourceFieldRef)
        errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    } else if (item.resourceFieldRef)
      append(errors, validateResourceFieldRef(item.resourceFieldRef, true, at.child('resourceFieldRef')));
    else errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
    append(errors, validateMode(item.mode, at.child('mode')));
  }
  return errors;
}

function validateItems(items: readonly KeyToPath[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, item] of (items ?? []).entries()) {
    const path = at.index(i);
    if (!item.key) errors.push(required(path.child('key')));
    if (!item.path) errors.push(required(path.child('path')));
    else append(errors, validateRelativePath(item.path, path.child('path')));
    append(errors, validateMode(item.mode, path.child('mode')));
  }
  return errors;
}

function validateMode(mode: number | undefined, at: Path): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}
