import type { ObjectMeta, OwnerReference } from '../generated/meta/v1.ts';
import type { AnyKind } from '../kind.ts';
import { append } from './append.ts';
import { type FieldError, forbidden, invalid, type Path, required, tooLong } from './field-path.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from './names.ts';
import { validateLabels } from './validate-selector.ts';

const maxAnnotationBytes = 256 * 1024;
export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

/** What of a kind its objects' metadata depend on. */
type Named = Pick<AnyKind, 'name' | 'namespaced'>;

/** The rules for names of a kind: its own, or a DNS subdomain. Returns upstream's messages; empty: fine. */
function nameErrors(kind: Named, name: string, isPrefix = false): string[] {
  // A prefix may end in a dash, which the generated suffix will follow.
  const checked = isPrefix ? name.replace(/.-$/, 'a') : name;
  return kind.name ? kind.name(checked) : isDns1123Subdomain(checked);
}

/** Errors of a new object's metadata. */
export function validateMetadata(kind: Named, metadata: ObjectMeta, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.generateName) {
    for (const message of nameErrors(kind, metadata.generateName, true)) {
      errors.push(invalid(at.child('generateName'), metadata.generateName, message));
    }
  }
  if (!metadata.name) errors.push(required(at.child('name'), 'name or generateName is required'));
  else
    for (const message of nameErrors(kind, metadata.name))
      errors.push(invalid(at.child('name'), metadata.name, message));
  if (kind.namespaced) {
    if (!metadata.namespace) errors.push(required(at.child('namespace')));
    else
      for (const message of isDns1123Label(metadata.namespace))
        errors.push(invalid(at.child('namespace'), metadata.namespace, message));
  } else if (metadata.namespace) {
    errors.push(forbidden(at.child('namespace'), 'not allowed on this type'));
  }
  return [
    ...errors,
    ...validateLabels(metadata.labels, at.child('labels')),
    ...validateAnnotations(metadata.annotations, at.child('annotations')),
    ...validateOwners(metadata.ownerReferences, at.child('ownerReferences')),
    ...validateFinalizers(metadata.finalizers, at.child('finalizers')),
  ];
}

/** Errors of a change of metadata. */
export function validateMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    if ((metadata[field] ?? '') !== (old[field] ?? ''))
      errors.push(invalid(at.child(field), metadata[field] ?? '', 'field is immutable'));
  }
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (metadata[field] !== old[field]) errors.push(invalid(at.child(field), metadata[field], 'field is immutable'));
  }
  if (old.deletionTimestamp) {
    const known = new Set(old.finalizers);
    const added = (metadata.finalizers ?? []).filter((each) => !known.has(each)).sort();
    if (added.length > 0) {
      const shown = `[]string{${added.map((each) => JSON.stringify(each)).join(', ')}}`;
      errors.push(
        forbidden(
          at.child('finalizers'),
          `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
        ),
      );
    }
  }
  append(
    errors,
    validateLabels(metadata.labels, at.child('labels')),
    validateAnnotations(metadata.annotations, at.child('annotations')),
    validateOwners(metadata.ownerReferences, at.child('ownerReferences')),
  );
  return errors;
}

/** Errors of the metadata that claims are made with from a template: labels and annotations, and nothing else. */
export function validateTemplateMetadata(metadata: ObjectMeta | undefined, at: Path): FieldError[] {
  const { annotations, labels, ...others } = metadata ?? {};
  return [
    ...validateAnnotations(annotations, at.child('annotations')),
    ...validateLabels(labels, at.child('labels')),
    ...Object.entries(others)
      .filter(([, value]) => value !== undefined)
      .map(([field]) => forbidden(at.child(field), 'cannot be set')),
  ];
}

function validateOwners(owners: readonly OwnerReference[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  let severalSaid = false;
  for (const owner of owners ?? []) {
    // What has two slashes is no version of a group, so it has none.
    if (!owner.apiVersion || owner.apiVersion.split('/').length > 2)
      errors.push(invalid(at.child('apiVersion'), owner.apiVersion ?? '', 'version must not be empty'));
    if (!owner.kind) errors.push(invalid(at.child('kind'), owner.kind ?? '', 'must not be empty'));
    if (!owner.name) errors.push(invalid(at.child('name'), owner.name ?? '', 'must not be empty'));
    if (!owner.uid) errors.push(invalid(at.child('uid'), owner.uid ?? '', 'must not be empty'));
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
      errors.push(invalid(at, owner, `/${owner.apiVersion}, Kind=${owner.kind} is disallowed from being an owner`));
    }
    if (!owner.controller) continue;
    const shown = `${owner.kind}/${owner.name}`;
    // Said once: it shows all owners, of which there may be thousands.
    if (controller !== undefined && !severalSaid) {
      severalSaid = true;
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${shown}`;
      errors.push(invalid(at, owners, detail));
    }
    controller ??= shown;
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of finalizers ?? []) {
    for (const message of isQualifiedName(finalizer)) errors.push(invalid(at, finalizer, message));
  }
  if (finalizers?.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    errors.push(invalid(at, finalizers, `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`));
  }
  return errors;
}

/** Errors of a map of annotations: qualified keys, at most 256 KiB in all. */
export function validateAnnotations(annotations: Record<string, string> | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  let total = 0;
  for (const key in annotations) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(at, key, message));
    total += Buffer.byteLength(key) + Buffer.byteLength(annotations[key]!);
  }
  if (total > maxAnnotationBytes) errors.push(tooLong(at, maxAnnotationBytes));
  return errors;
}
