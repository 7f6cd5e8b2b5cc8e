import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { goDiff } from '../../meta/go-form.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../../meta/names.ts';
import { clone, deepEqual, getPath } from '../../meta/object.ts';
import { Quantity } from '../../meta/quantity.ts';
import { validateTemplateMetadata } from '../../meta/validate-metadata.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';
import { validateAccessModes } from './access-modes.ts';
import { storageClassAnnotation } from './class-annotation.ts';
import { volumeModes } from './persistentvolume-validation.ts';
import { validateBasicAmount, validatePositiveAmount } from './storage-amount.ts';

/** Errors of a claim. */
export function validatePersistentVolumeClaim({ spec }: PersistentVolumeClaim, at: Path): FieldError[] {
  return validateClaimSpec(spec, at.child('spec'));
}

/** Errors of the template of a claim, as pods have them. */
export function validateClaimTemplate({ metadata, spec }: PersistentVolumeClaimTemplate, at: Path): FieldError[] {
  return [
    ...validateTemplateMetadata(metadata, at.child('metadata')),
    ...validateClaimSpec(spec ?? {}, at.child('spec')),
  ];
}

/** Errors of a claim's spec. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, at: Path): FieldError[] {
  const { accessModes = [], resources, storageClassName, volumeMode, volumeAttributesClassName } = spec;
  const path = at.child('accessModes');
  const errors = accessModes.length === 0 ? [required(path, 'at least 1 access mode is required')] : [];
  append(errors, validateLabelSelector(spec.selector, at.child('selector')), validateAccessModes(accessModes, path));
  const amount = resources?.requests?.['storage'];
  const storage = at.child('resources').key('storage');
  append(errors, amount === undefined ? [required(storage)] : validatePositiveAmount(amount, storage));
  if (storageClassName) append(errors, malformed(at.child('storageClassName'), storageClassName, isDns1123Subdomain));
  if (volumeMode !== undefined && !volumeModes.includes(volumeMode))
    errors.push(notSupported(at.child('volumeMode'), volumeMode, volumeModes));
  append(errors, validateDataSources(spec, at));
  if (volumeAttributesClassName)
    append(errors, malformed(at.child('volumeAttributesClassName'), volumeAttributesClassName, isDns1123Subdomain));
  return errors;
}

function validateDataSources(spec: PersistentVolumeClaimSpec, at: Path): FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors = dataSource ? validateDataSource(dataSource, at.child('dataSource')) : [];
  if (!dataSourceRef) return errors;
  append(errors, validateDataSource(dataSourceRef, at.child('dataSourceRef')));
  const { namespace, ...local } = dataSourceRef;
  if (namespace) append(errors, malformed(at.child('dataSourceRef.namespace'), namespace, isDns1123Label));
  const older = at.child('dataSource').toString();
  if (dataSource && namespace)
    errors.push(invalid(at, older, 'may not be specified when dataSourceRef.namespace is specified'));
  else if (dataSource && !deepEqual(dataSource, local)) errors.push(invalid(at, older, 'must match dataSourceRef'));
  return errors;
}

function validateDataSource({ apiGroup, kind, name }: TypedObjectReference, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(at.child('name')));
  if (!kind) errors.push(required(at.child('kind')));
  if (!apiGroup && kind !== 'PersistentVolumeClaim')
    errors.push(invalid(at, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  return apiGroup ? [...errors, ...malformed(at.child('apiGroup'), apiGroup, isDns1123Subdomain)] : errors;
}

/** Errors of a change: a claim keeps what it asks for, but may grow and change the class of its attributes once it is bound. */
export function validatePersistentVolumeClaimUpdate(
  it: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  at: Path,
): FieldError[] {
  const [now, before] = [clone(it.spec), clone(old.spec)];
  const errors: FieldError[] = [];
  const bound = it.status?.phase === 'Bound';
  // The binder writes the name, once.
  if (!before.volumeName) setOrDelete(before, 'volumeName', now.volumeName);
  append(errors, validateClassChange(it, old, now, at));
  if (bound && now.resources?.requests && before.resources?.requests?.['storage'] !== undefined)
    now.resources.requests['storage'] = before.resources.requests['storage'];
  if (bound) setOrDelete(now, 'volumeAttributesClassName', before.volumeAttributesClassName);
  if (!deepEqual(now, before)) {
    const what =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbidden(at.child('spec'), `${what}\n${goDiff('core/v1.PersistentVolumeClaimSpec', before, now)}`));
  }
  append(errors, validateShrinking(it, old, at.child('spec.resources.requests.storage')));
  if (it.spec.volumeMode !== old.spec.volumeMode)
    errors.push(invalid(at.child('volumeMode'), it.spec.volumeMode, 'field is immutable'));
  const attributes = it.spec.volumeAttributesClassName;
  // A class that was asked for and never came to be may be taken back (KEP-3751).
  const current = 'status.currentVolumeAttributesClassName';
  if (attributes !== old.spec.volumeAttributesClassName && !attributes && getPath(old, current) !== undefined) {
    const to = attributes === undefined ? 'nil' : 'empty string';
    const path = at.child('spec.volumeAttributesClassName');
    errors.push(forbidden(path, `update to ${to} is forbidden when ${current} is not nil`));
  }
  return errors;
}

/** A class may move from the annotation to the field, or be given to a claim that has none; `now` is then made to look unchanged. */
function validateClassChange(
  it: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  now: PersistentVolumeClaimSpec,
  at: Path,
): FieldError[] {
  const annotated = old.metadata.annotations?.[storageClassAnnotation];
  const annotatedNow = it.metadata.annotations?.[storageClassAnnotation];
  const { storageClassName } = it.spec;
  const added = storageClassName !== undefined && old.spec.storageClassName === undefined;
  if (added && (annotated === undefined || annotated === storageClassName)) delete now.storageClassName;
  const moved = added && annotated === storageClassName && (annotatedNow === undefined || annotatedNow === annotated);
  if (moved || annotated === annotatedNow) return [];
  const path = at.child('metadata.annotations').key(storageClassAnnotation);
  return [invalid(path, annotatedNow ?? '', 'field is immutable')];
}

/** A wish may be taken back only down to more than the volume has: volumes do not shrink, but growing may have failed (KEP-1790). */
function validateShrinking(it: PersistentVolumeClaim, old: PersistentVolumeClaim, at: Path): FieldError[] {
  const amount = (resources: Record<string, string> | undefined) => Quantity.parse(resources?.['storage'] ?? '0');
  const wanted = amount(it.spec.resources?.requests);
  if (wanted.cmp(amount(old.spec.resources?.requests)) >= 0) return [];
  if (wanted.cmp(amount(old.status?.capacity)) > 0) return [];
  return [forbidden(at, 'field can not be less than status.capacity')];
}

function setOrDelete<K extends 'volumeName' | 'volumeAttributesClassName'>(
  spec: PersistentVolumeClaimSpec,
  field: K,
  value: string | undefined,
): void {
  if (value === undefined) delete spec[field];
  else spec[field] = value;
}

const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

/** Errors of a report of a claim's state. */
export function validatePersistentVolumeClaimStatusUpdate(
  { metadata, spec, status = {} }: PersistentVolumeClaim,
  _old: PersistentVolumeClaim,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!metadata.resourceVersion) errors.push(required(at.child('resourceVersion')));
  if (!spec.accessModes?.length) errors.push(required(at.child('Spec.accessModes')));
  const capacity = at.child('status.capacity');
  for (const [name, amount] of Object.entries(status.capacity ?? {}))
    append(errors, validateBasicAmount(amount, capacity.key(name)));
  const statuses = at.child('status.allocatedResourceStatus');
  for (const [name, value] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    append(errors, validateResourceKey(name, statuses));
    if (!resizeStatuses.includes(value)) errors.push(notSupported(statuses, name, resizeStatuses));
  }
  const allocated = at.child('status.allocatedResources');
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const wrong = validateResourceKey(name, allocated);
    append(errors, wrong.length > 0 ? wrong : validateBasicAmount(amount, allocated.key(name)));
  }
  return errors;
}

/** Of Kubernetes' own resources, only storage is a claim's; others carry the domain of whoever made them. */
function validateResourceKey(name: string, at: Path): FieldError[] {
  const errors = malformed(at, name, isQualifiedName);
  if (errors.length > 0) return errors;
  const native = !name.includes('/') || name.includes('kubernetes.io/');
  return native && name !== 'storage' ? [notSupported(at, name, ['storage'])] : [];
}
