import type { ObjectMeta } from './generated/meta/v1.ts';
import type { Kind, KubeObject } from './kind.ts';
import { type FieldError, forbidden, invalid, Path, required, tooLong } from './meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from './meta/names.ts';
import { deepEqual, getPath } from './meta/object.ts';
import { validateLabels } from './meta/validate-selector.ts';

const maxAnnotationBytes = 256 * 1024;

/** All errors of a new object: its metadata, then what its kind checks. */
export function validateCreate<T extends KubeObject>(kind: Kind<T>, it: T): FieldError[] {
  const at = new Path();
  return [
    ...validateMetadata(kind, it.metadata),
    ...(kind.validate?.(it, at) ?? []),
    ...(kind.validateCreate?.(it, at) ?? []),
  ];
}

/** All errors of replacing `old` by `it`: metadata, the new object as such, immutable fields, and what the kind checks of the change. */
export function validateUpdate<T extends KubeObject>(kind: Kind<T>, it: T, old: T): FieldError[] {
  const at = new Path();
  const errors = [
    ...validateMetadata(kind, it.metadata),
    ...validateMetadataUpdate(it.metadata, old.metadata),
    ...(kind.validate?.(it, at) ?? []),
  ];
  for (const field of kind.immutable ?? []) {
    const [now, before] = [getPath(it, field), getPath(old, field)];
    if (!deepEqual(now, before)) errors.push(invalid(at.child(field), now, 'field is immutable'));
  }
  return [...errors, ...(kind.validateUpdate?.(it, old, at) ?? [])];
}

/** All errors of replacing the status of `old` by that of `it`. */
export function validateStatusUpdate<T extends KubeObject>(kind: Kind<T>, it: T, old: T): FieldError[] {
  return [
    ...validateMetadata(kind, it.metadata),
    ...validateMetadataUpdate(it.metadata, old.metadata),
    ...(kind.validateStatusUpdate?.(it, old, new Path()) ?? []),
  ];
}

function validateMetadata(
  kind: { name?: (name: string) => string[]; namespaced: boolean },
  metadata: ObjectMeta,
): FieldError[] {
  const at = new Path('metadata');
  const errors: FieldError[] = [];
  const checkName = kind.name ?? isDns1123Subdomain;
  if (metadata.generateName) {
    // A prefix is checked as if a suffix followed: a trailing dash is fine.
    for (const message of checkName(metadata.generateName.replace(/-$/, 'a'))) {
      errors.push(invalid(at.child('generateName'), metadata.generateName, message));
    }
  }
  if (!metadata.name) errors.push(required(at.child('name'), 'name or generateName is required'));
  else for (const message of checkName(metadata.name)) errors.push(invalid(at.child('name'), metadata.name, message));
  if (kind.namespaced) {
    if (!metadata.namespace) errors.push(required(at.child('namespace')));
    else
      for (const message of isDns1123Label(metadata.namespace))
        errors.push(invalid(at.child('namespace'), metadata.namespace, message));
  } else if (metadata.namespace) {
    errors.push(forbidden(at.child('namespace'), 'not allowed on this type'));
  }
  errors.push(
    ...validateLabels(metadata.labels, at.child('labels')),
    ...validateAnnotations(metadata.annotations, at.child('annotations')),
  );
  errors.push(
    ...validateOwners(metadata, at.child('ownerReferences')),
    ...validateFinalizers(metadata.finalizers, at.child('finalizers')),
  );
  return errors;
}

/** Errors of a map of annotations: qualified keys, at most 256 KiB in all. */
export function validateAnnotations(annotations: Record<string, string> | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  let total = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(at, key, message));
    total += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (total > maxAnnotationBytes) errors.push(tooLong(at, maxAnnotationBytes));
  return errors;
}

function validateOwners(metadata: ObjectMeta, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  let severalSaid = false;
  for (const [i, owner] of (metadata.ownerReferences ?? []).entries()) {
    const path = at.index(i);
    if (!owner.apiVersion)
      errors.push(invalid(path.child('apiVersion'), owner.apiVersion ?? '', 'version must not be empty'));
    if (!owner.kind) errors.push(invalid(path.child('kind'), owner.kind ?? '', 'must not be empty'));
    if (!owner.name) errors.push(invalid(path.child('name'), owner.name ?? '', 'must not be empty'));
    if (!owner.uid) errors.push(invalid(path.child('uid'), owner.uid ?? '', 'must not be empty'));
    if (owner.kind === 'Event' && /^(events\.k8s\.io\/|v1$)/.test(owner.apiVersion)) {
      errors.push(invalid(path, owner, `${owner.apiVersion}, Kind=Event is disallowed from being an owner`));
    }
    if (!owner.controller) continue;
    const shown = `${owner.kind}/${owner.name}`;
    // Said once: it shows all owners, of which there may be thousands.
    if (controller !== undefined && !severalSaid) {
      severalSaid = true;
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${shown}`;
      errors.push(invalid(at, metadata.ownerReferences, detail));
    }
    controller ??= shown;
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const plain = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
  for (const [i, finalizer] of (finalizers ?? []).entries()) {
    for (const message of isQualifiedName(finalizer)) errors.push(invalid(at.index(i), finalizer, message));
    if (!finalizer.includes('/') && !plain.has(finalizer)) {
      errors.push(
        invalid(at.index(i), finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      );
    }
  }
  const both = ['orphan', 'foregroundDeletion'];
  if (both.every((each) => finalizers?.includes(each))) {
    errors.push(invalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function validateMetadataUpdate(it: ObjectMeta, old: ObjectMeta): FieldError[] {
  const at = new Path('metadata');
  const errors: FieldError[] = [];
  for (const field of [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const) {
    if (!deepEqual(it[field], old[field])) errors.push(invalid(at.child(field), it[field], 'field is immutable'));
  }
  if (old.deletionTimestamp) {
    const added = (it.finalizers ?? []).filter((each) => !old.finalizers?.includes(each));
    if (added.length > 0) {
      const shown = added.map((each) => `"${each}"`).join(', ');
      errors.push(
        forbidden(
          at.child('finalizers'),
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${shown}}`,
        ),
      );
    }
  }
  return errors;
}
