import type { KeyToPath, Volume, VolumeProjection } from '../../generated/core/v1.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isConfigMapKey, isDns1123Label } from '../../meta/names.ts';
import { validateFieldRef, validateResourceFieldRef } from './env-validation.ts';

const hostPathTypes = [
  '',
  'DirectoryOrCreate',
  'Directory',
  'FileOrCreate',
  'File',
  'Socket',
  'CharDevice',
  'BlockDevice',
];

/** Errors of a pod's volumes, and the names mounts may refer to. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  at: Path,
): { names: Map<string, Volume>; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const names = new Map<string, Volume>();
  for (const [i, volume] of (volumes ?? []).entries()) {
    const path = at.index(i);
    if (!volume.name) errors.push(required(path.child('name')));
    else {
      for (const message of isDns1123Label(volume.name)) errors.push(invalid(path.child('name'), volume.name, message));
      if (names.has(volume.name)) errors.push(duplicate(path.child('name'), volume.name));
    }
    errors.push(...validateSource(volume, path));
    names.set(volume.name, volume);
  }
  return { names, errors };
}

function validateSource(volume: Volume, at: Path): FieldError[] {
  const { name: _, ...sources } = volume;
  const named = Object.entries(sources)
    .filter(([, source]) => source !== undefined && source !== null)
    .map(([type]) => type);
  if (named.length === 0) return [required(at, 'must specify a volume type')];
  const errors = named.slice(1).map((type) => forbidden(at.child(type), 'may not specify more than 1 volume type'));
  const { hostPath, secret, configMap, downwardAPI, projected, emptyDir, persistentVolumeClaim, nfs } = volume;
  if (emptyDir?.sizeLimit?.startsWith('-'))
    errors.push(forbidden(at.child('emptyDir.sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
  if (hostPath) {
    if (!hostPath.path) errors.push(required(at.child('hostPath.path')));
    else if (hostPath.path.split('/').includes('..'))
      errors.push(invalid(at.child('hostPath.path'), hostPath.path, "must not contain '..'"));
    if (!hostPathTypes.includes(hostPath.type ?? ''))
      errors.push(notSupported(at.child('hostPath.type'), hostPath.type, hostPathTypes));
  }
  if (secret) {
    if (!secret.secretName) errors.push(required(at.child('secret.secretName')));
    errors.push(
      ...validateMode(secret.defaultMode, at.child('secret.defaultMode')),
      ...validateItems(secret.items, at.child('secret.items')),
    );
  }
  if (configMap) {
    if (!configMap.name) errors.push(required(at.child('configMap.name')));
    errors.push(
      ...validateMode(configMap.defaultMode, at.child('configMap.defaultMode')),
      ...validateItems(configMap.items, at.child('configMap.items')),
    );
  }
  if (downwardAPI) {
    errors.push(...validateMode(downwardAPI.defaultMode, at.child('downwardAPI.defaultMode')));
    errors.push(...validateDownward(downwardAPI.items, at.child('downwardAPI')));
  }
  if (projected) {
    errors.push(...validateMode(projected.defaultMode, at.child('projected.defaultMode')));
    errors.push(...validateProjections(projected.sources ?? [], at.child('projected')));
  }
  if (persistentVolumeClaim && !persistentVolumeClaim.claimName)
    errors.push(required(at.child('persistentVolumeClaim.claimName')));
  if (nfs) {
    if (!nfs.server) errors.push(required(at.child('nfs.server')));
    if (!nfs.path) errors.push(required(at.child('nfs.path')));
    else if (!nfs.path.startsWith('/'))
      errors.push(invalid(at.child('nfs.path'), nfs.path, 'must be an absolute path'));
  }
  return errors;
}

function validateProjections(sources: readonly VolumeProjection[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  const claim = (path: string, where: Path) => {
    if (path === '') return;
    if (paths.has(path)) errors.push(invalid(at, path, 'conflicting duplicate paths'));
    paths.add(path);
    errors.push(...validateRelativePath(path, where));
  };
  for (const [i, source] of sources.entries()) {
    const path = at.child('sources').index(i);
    const named = (
      ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken', 'clusterTrustBundle', 'podCertificate'] as const
    ).filter((type) => source[type]);
    if (named.length === 0) errors.push(required(path, 'must specify a volume source'));
    for (const type of named.slice(1))
      errors.push(forbidden(path.child(type), 'may not specify more than 1 volume type'));
    for (const type of ['secret', 'configMap'] as const) {
      const projection = source[type];
      if (!projection) continue;
      if (!projection.name) errors.push(required(path.child(type).child('name')));
      errors.push(...validateItems(projection.items, path.child(type).child('items')));
      for (const item of projection.items ?? []) claim(item.path ?? '', path.child(type));
    }
    if (source.downwardAPI) errors.push(...validateDownward(source.downwardAPI.items, path.child('downwardAPI')));
    const token = source.serviceAccountToken;
    if (!token) continue;
    const where = path.child('serviceAccountToken');
    if ((token.expirationSeconds ?? 3600) < 600)
      errors.push(
        invalid(
          where.child('expirationSeconds'),
          token.expirationSeconds,
          'may not specify a duration less than 10 minutes',
        ),
      );
    if ((token.expirationSeconds ?? 3600) > 2 ** 32)
      errors.push(
        invalid(
          where.child('expirationSeconds'),
          token.expirationSeconds,
          'may not specify a duration larger than 2^32 seconds',
        ),
      );
    if (!token.path) errors.push(required(where.child('path')));
    claim(token.path ?? '', where.child('path'));
  }
  return errors;
}

function validateDownward(
  items: readonly { path: string; fieldRef?: object; resourceFieldRef?: object; mode?: number }[] | undefined,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const item of items ?? []) {
    if (!item.path) errors.push(required(at.child('path')));
    else errors.push(...validateRelativePath(item.path, at.child('path')));
    if (item.fieldRef && item.resourceFieldRef)
      errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    else if (item.fieldRef) errors.push(...validateFieldRef(item.fieldRef, 'volume', at.child('fieldRef')));
    else if (item.resourceFieldRef)
      errors.push(...validateResourceFieldRef(item.resourceFieldRef, true, at.child('resourceFieldRef')));
    else errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
    errors.push(...validateMode(item.mode, at.child('mode')));
  }
  return errors;
}

function validateItems(items: readonly KeyToPath[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, item] of (items ?? []).entries()) {
    const path = at.index(i);
    if (!item.key) errors.push(required(path.child('key')));
    else for (const message of isConfigMapKey(item.key)) errors.push(invalid(path.child('key'), item.key, message));
    if (!item.path) errors.push(required(path.child('path')));
    else errors.push(...validateRelativePath(item.path, path.child('path')));
    errors.push(...validateMode(item.mode, path.child('mode')));
  }
  return errors;
}

function validateMode(mode: number | undefined, at: Path): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(at, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

/** Errors of a path inside a volume: relative, and never upwards. */
export function validateRelativePath(path: string, at: Path): FieldError[] {
  if (path.startsWith('/')) return [invalid(at, path, 'must be a relative path')];
  if (path.split('/').includes('..')) return [invalid(at, path, "must not contain '..'")];
  return path.startsWith('..') ? [invalid(at, path, "must not start with '..'")] : [];
}
