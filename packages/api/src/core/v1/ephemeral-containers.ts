import type { EphemeralContainer, Pod } from '../../generated/core/v1.ts';
import { duplicate, type FieldError, forbidden, invalid, notFound, type Path } from '../../meta/field-path.ts';
import { deepEqual } from '../../meta/object.ts';
import { type Surroundings, validateContainer } from './container-validation.ts';
import { isMirror } from './static-pods.ts';
import { validateVolumes } from './volume-validation.ts';

/** What a container that comes to look at a running pod may not have: it takes part in nothing (KEP-277). */
const notForGuests = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const;

/**
 * Errors of a change through `pods/ephemeralcontainers`: containers may be added, and stay as they are then. Static pods have none: what runs there is
 * their file's.
 */
export function validateEphemeralContainers(it: Pod, old: Pod, at: Path): FieldError[] {
  if (isMirror(it)) return [forbidden(at.child(''), 'static pods do not support ephemeral containers')];
  const path = at.child('spec.ephemeralContainers');
  const { names: volumes } = validateVolumes(it.spec.volumes, path, it.metadata.name ?? '');
  const claims = (it.spec.resourceClaims ?? []).map(({ name }) => name);
  const errors = validateEphemeral({ spec: it.spec, volumes, claims }, path);
  const now = new Map((it.spec.ephemeralContainers ?? []).map((each) => [each.name, each]));
  for (const before of old.spec.ephemeralContainers ?? []) {
    const kept = now.get(before.name);
    const name = JSON.stringify(before.name);
    if (!kept) errors.push(forbidden(path, `existing ephemeral containers ${name} may not be removed\n`));
    else if (!deepEqual(kept, before))
      errors.push(forbidden(path, `existing ephemeral containers ${name} may not be changed\n`));
  }
  return errors;
}

/** Errors of the containers that look at a pod; `at` is where they are. */
export function validateEphemeral(around: Surroundings, at: Path): FieldError[] {
  const { spec } = around;
  if (!spec.ephemeralContainers?.length) return [];
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  const names = new Set(others);
  return spec.ephemeralContainers.flatMap((container, i) => {
    const path = at.index(i);
    const errors = validateContainer(container, around, path);
    if (container.image && container.image.trim() !== container.image)
      errors.push(invalid(path.child('image'), container.image, 'must not have leading or trailing whitespace'));
    if (names.has(container.name)) errors.push(duplicate(path.child('name'), container.name));
    names.add(container.name);
    const { targetContainerName: target } = container;
    if (target && !others.includes(target)) errors.push(notFound(path.child('targetContainerName'), target));
    for (const field of notForGuests) {
      if (isSet(container, field))
        errors.push(forbidden(path.child(field), 'cannot be set for an Ephemeral Container'));
    }
    for (const [j, mount] of (container.volumeMounts ?? []).entries()) {
      for (const field of ['subPath', 'subPathExpr'] as const) {
        if (mount[field])
          errors.push(
            forbidden(path.child('volumeMounts').index(j).child(field), 'cannot be set for an Ephemeral Container'),
          );
      }
    }
    return errors;
  });
}

/** Whether a field says something; an empty list or object does not. */
function isSet(container: EphemeralContainer, field: (typeof notForGuests)[number]): boolean {
  const value = container[field];
  return value !== undefined && (typeof value !== 'object' || Object.keys(value).length > 0);
}
