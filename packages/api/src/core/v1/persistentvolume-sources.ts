import type { PersistentVolumeSource, PersistentVolumeSpec, SecretReference } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, invalid, malformed, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';
import {
  validateAzureDisk,
  validateCsiDriverName,
  validateDisk,
  validateFc,
  validateFlex,
  validateFlocker,
  validateHostPath,
  validateIscsi,
  validateNfs,
  validateNoBacksteps,
  validateQuobyte,
  validateRequired,
  validateStorageOs,
} from './volume-source-validation.ts';

type Checks = {
  [K in keyof PersistentVolumeSource]-?: (
    source: NonNullable<PersistentVolumeSource[K]>,
    at: Path,
    volume: string,
  ) => FieldError[];
};

/** The sources a volume can have, in the order they are looked at. */
const checks: Checks = {
  hostPath: validateHostPath,
  gcePersistentDisk: validateDisk('pdName'),
  awsElasticBlockStore: validateDisk('volumeID'),
  glusterfs(source, at) {
    const { endpointsNamespace: namespace } = source;
    const path = at.child('endpointsNamespace');
    const errors = validateRequired(source, ['endpoints', 'path'], at);
    if (namespace === undefined) return errors;
    const wrong =
      namespace === ''
        ? [invalid(path, '', 'if the endpointnamespace is set, it must be a valid namespace name')]
        : malformed(path, namespace, isDns1123Label);
    return [...errors, ...wrong];
  },
  flocker: validateFlocker,
  nfs: validateNfs,
  rbd: (source, at) => validateRequired(source, ['monitors', 'image'], at),
  quobyte: validateQuobyte,
  cephfs: (source, at) => validateRequired(source, ['monitors'], at),
  iscsi: (source, at, volume) => validateIscsi(source, at, 'must be valid format', volume),
  cinder: (source, at) => [
    ...validateRequired(source, ['volumeID'], at),
    ...(source.secretRef ? validateRequired(source.secretRef, ['name', 'namespace'], at.child('secretRef')) : []),
  ],
  fc: validateFc,
  flexVolume: validateFlex,
  azureFile: (source, at) => [
    ...validateRequired(source, ['secretName', 'shareName'], at),
    ...(source.secretNamespace === '' ? [required(at.child('secretNamespace'))] : []),
  ],
  vsphereVolume: (source, at) => validateRequired(source, ['volumePath'], at),
  photonPersistentDisk: (source, at) => validateRequired(source, ['pdID'], at),
  portworxVolume: (source, at) => validateRequired(source, ['volumeID'], at),
  azureDisk: validateAzureDisk,
  scaleIO: (source, at) => validateRequired(source, ['gateway', 'system', 'volumeName'], at),
  local: ({ path }, at) => (path ? validateNoBacksteps(path, at.child('path')) : [required(at.child('path'))]),
  storageos: (source, at) => [
    ...validateStorageOs(source, at),
    ...(source.secretRef ? validateRequired(source.secretRef, ['name', 'namespace'], at.child('secretRef')) : []),
  ],
  csi: (source, at) => [
    ...validateCsiDriverName(source.driver ?? '', at.child('driver')),
    ...validateRequired(source, ['volumeHandle'], at),
    ...(
      [
        'controllerPublishSecretRef',
        'controllerExpandSecretRef',
        'nodePublishSecretRef',
        'nodeExpandSecretRef',
      ] as const
    ).flatMap((field) => validateSecretReference(source[field], at.child(field))),
  ],
};

const types = Object.keys(checks) as (keyof PersistentVolumeSource)[];

/** Where upstream's messages name a field otherwise than the API. */
const checkedAs: Partial<Record<keyof PersistentVolumeSource, string>> = { gcePersistentDisk: 'persistentDisk' };
const forbiddenAs: Partial<Record<keyof PersistentVolumeSource, string>> = { cephfs: 'cephFS' };

/** The part of a volume's spec that says where it is. */
export function sourceOf(spec: PersistentVolumeSpec): PersistentVolumeSource {
  return Object.fromEntries(types.filter((type) => spec[type] !== undefined).map((type) => [type, spec[type]]));
}

/** Errors of where a volume is: it is in exactly one place, and that is described in full. */
export function validatePersistentVolumeSource(spec: PersistentVolumeSpec, volume: string, at: Path): FieldError[] {
  const [first, ...more] = types.filter((type) => spec[type] !== undefined);
  if (!first) return [required(at, 'must specify a volume type')];
  const errors = checkSource(first, spec, volume, at);
  for (const type of more) {
    // Flex volumes came before the rule and are not counted by it.
    if (type === 'flexVolume') append(errors, checkSource(type, spec, volume, at));
    else errors.push(forbidden(at.child(forbiddenAs[type] ?? type), 'may not specify more than 1 volume type'));
  }
  return errors;
}

function checkSource(
  type: keyof PersistentVolumeSource,
  spec: PersistentVolumeSpec,
  volume: string,
  at: Path,
): FieldError[] {
  const check = checks[type] as (source: unknown, at: Path, volume: string) => FieldError[];
  const errors = check(spec[type], at.child(checkedAs[type] ?? type), volume);
  if (type === 'local' && !spec.nodeAffinity)
    errors.push(required(at.child('nodeAffinity'), 'Local volume requires node affinity'));
  return errors;
}

function validateSecretReference(secret: SecretReference | undefined, at: Path): FieldError[] {
  if (!secret) return [];
  const { name, namespace } = secret;
  return [
    ...(name ? malformed(at.child('name'), name, isDns1123Subdomain) : [required(at.child('name'))]),
    ...(namespace ? malformed(at.child('namespace'), namespace, isDns1123Label) : [required(at.child('namespace'))]),
  ];
}
