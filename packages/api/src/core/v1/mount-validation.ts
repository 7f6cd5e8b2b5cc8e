import type { Container, Volume, VolumeMount } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  notFound,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { validateDescendingPath } from './volume-source-validation.ts';

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursions = ['Disabled', 'Enabled', 'IfPossible'];

/** Errors of where a container mounts its pod's volumes. */
export function validateMounts(it: Container, volumes: ReadonlyMap<string, Volume>, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  const devices = new Set(it.volumeDevices?.map(({ name }) => name));
  const devicePaths = new Set(it.volumeDevices?.map(({ devicePath }) => devicePath));
  for (const [i, mount] of (it.volumeMounts ?? []).entries()) {
    const { name = '', mountPath = '', subPath, subPathExpr, mountPropagation } = mount;
    const path = at.index(i);
    if (name === '') errors.push(required(path.child('name')));
    if (!volumes.has(name)) errors.push(notFound(path.child('name'), name));
    if (mountPath === '') errors.push(required(path.child('mountPath')));
    if (paths.has(mountPath)) errors.push(invalid(path.child('mountPath'), mountPath, 'must be unique'));
    paths.add(mountPath);
    if (devices.has(name)) errors.push(invalid(path.child('name'), name, 'must not already exist in volumeDevices'));
    if (devicePaths.has(mountPath))
      errors.push(invalid(path.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'));
    // These three paths say nothing of which mount it is; they are upstream's.
    if (subPath) append(errors, validateDescendingPath(subPath, at.child('subPath')));
    if (subPathExpr) {
      if (subPath)
        errors.push(invalid(path.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      append(errors, validateDescendingPath(subPathExpr, at.child('subPathExpr')));
    }
    if (mountPropagation !== undefined)
      append(errors, validatePropagation(mountPropagation, it, at.child('mountPropagation')));
    if (mount.recursiveReadOnly !== undefined)
      append(errors, validateRecursion(mount, path.child('recursiveReadOnly')));
  }
  return errors;
}

function validatePropagation(propagation: string, it: Container, at: Path): FieldError[] {
  if (!propagations.includes(propagation)) return [notSupported(at, propagation, propagations)];
  if (propagation !== 'Bidirectional' || it.securityContext?.privileged) return [];
  return [forbidden(at, 'Bidirectional mount propagation is available only to privileged containers')];
}

/** Errors of read-only mounts that reach what is mounted below them (KEP-3857). */
function validateRecursion(
  { recursiveReadOnly: mode = '', readOnly, mountPropagation }: VolumeMount,
  at: Path,
): FieldError[] {
  if (!recursions.includes(mode)) return [notSupported(at, mode, recursions)];
  if (mode === 'Disabled') return [];
  const errors: FieldError[] = [];
  if (!readOnly) errors.push(forbidden(at, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None')
    errors.push(forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
}
