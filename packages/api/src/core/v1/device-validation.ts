import type { Container, Volume } from '../../generated/core/v1.ts';
import { type FieldError, invalid, notFound, type Path, required } from '../../meta/field-path.ts';
import { validateNoBacksteps } from './volume-source-validation.ts';

/** Errors of a container's raw devices: they are of claims, and none is a mount as well. */
export function validateDevices(it: Container, volumes: ReadonlyMap<string, Volume>, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const paths = new Set<string>();
  const mounted = {
    names: new Set(it.volumeMounts?.map((mount) => mount.name)),
    paths: new Set(it.volumeMounts?.map((mount) => mount.mountPath)),
  };
  for (const [i, { name, devicePath: path }] of (it.volumeDevices ?? []).entries()) {
    const named = at.index(i).child('name');
    const placed = at.index(i).child('devicePath');
    const volume = volumes.get(name);
    if (!name) errors.push(required(named));
    if (names.has(name)) errors.push(invalid(named, name, 'must be unique'));
    if (!volume) errors.push(notFound(named, name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      errors.push(
        invalid(named, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'),
      );
    if (!path) errors.push(required(placed));
    else {
      if (paths.has(path)) errors.push(invalid(placed, path, 'must be unique'));
      if (validateNoBacksteps(path, placed).length > 0)
        errors.push(invalid(placed, path, "can not contain backsteps ('..')"));
    }
    if (mounted.names.has(name)) errors.push(invalid(named, name, 'must not already exist in volumeMounts'));
    if (mounted.paths.has(path)) errors.push(invalid(placed, path, 'must not already exist as a path in volumeMounts'));
    names.add(name);
    paths.add(path);
  }
  return errors;
}
