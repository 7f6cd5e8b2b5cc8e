import type { Kind, KubeObject } from './kind.ts';
import { type FieldError, findErrors, invalid } from './meta/field-path.ts';
import { deepEqual, getPath } from './meta/object.ts';
import { validateMetadata, validateMetadataUpdate } from './meta/validate-metadata.ts';

/** All errors of a new object: its metadata, then what its kind checks, and among that what was found `beforehand`. */
export function validateCreate<T extends KubeObject>(
  kind: Kind<T>,
  it: T,
  beforehand: readonly FieldError[] = [],
): FieldError[] {
  return findErrors((at) => {
    const metadata = validateMetadata(kind, it.metadata, at.child('metadata'));
    return [...metadata, ...(kind.validate?.(it, at, metadata) ?? []), ...(kind.validateCreate?.(it, at) ?? [])];
  }, beforehand);
}

/** All errors of replacing `old` by `it`: metadata, the new object as such, immutable fields, and what the kind checks of the change. */
export function validateUpdate<T extends KubeObject>(kind: Kind<T>, it: T, old: T): FieldError[] {
  return findErrors((at) => {
    const errors = [
      ...validateMetadata(kind, it.metadata, at.child('metadata')),
      ...validateMetadataUpdate(it.metadata, old.metadata, at.child('metadata')),
      ...(kind.validate?.(it, at) ?? []),
    ];
    for (const field of kind.immutable ?? []) {
      const [now, before] = [getPath(it, field), getPath(old, field)];
      if (!deepEqual(now, before)) errors.push(invalid(at.child(field), now, 'field is immutable'));
    }
    return [...errors, ...(kind.validateUpdate?.(it, old, at) ?? [])];
  });
}

/** All errors of replacing the status of `old` by that of `it`. */
export function validateStatusUpdate<T extends KubeObject>(kind: Kind<T>, it: T, old: T): FieldError[] {
  return findErrors((at) => [
    ...validateMetadata(kind, it.metadata, at.child('metadata')),
    ...validateMetadataUpdate(it.metadata, old.metadata, at.child('metadata')),
    ...(kind.validateStatusUpdate?.(it, old, at) ?? []),
  ]);
}
