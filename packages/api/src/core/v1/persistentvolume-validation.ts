import { posix } from 'node:path';
import type {
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeSpec,
  VolumeNodeAffinity,
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
import { goDiff, goForm } from '../../meta/go-form.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { clone, deepEqual } from '../../meta/object.ts';
import { validateAccessModes } from './access-modes.ts';
import { validateNodeSelector } from './affinity-validation.ts';
import { newerLabels } from './node-labels.ts';
import { sourceOf, validatePersistentVolumeSource } from './persistentvolume-sources.ts';
import { validateBasicAmount, validatePositiveAmount } from './storage-amount.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
export const volumeModes = ['Block', 'Filesystem'];

/** Errors of a volume. */
export function validatePersistentVolume({ metadata, spec }: PersistentVolume, base: Path): FieldError[] {
  const at = base.child('spec');
  const { capacity = {}, persistentVolumeReclaimPolicy: policy, storageClassName, volumeMode } = spec;
  const errors = validateModes(spec, at);
  const path = at.child('capacity');
  const resources = Object.keys(capacity);
  if (resources.length === 0) errors.push(required(path));
  if (capacity['storage'] === undefined || resources.length > 1)
    errors.push(notSupported(path, goForm('{}quantity', spec.capacity), ['storage']));
  for (const name of resources) {
    const amount = capacity[name]!;
    append(errors, validateBasicAmount(amount, path.key(name)), validatePositiveAmount(amount, path.key(name)));
  }
  if (policy && !reclaimPolicies.includes(policy))
    errors.push(notSupported(at.child('persistentVolumeReclaimPolicy'), policy, reclaimPolicies));
  if (spec.nodeAffinity) append(errors, validateNodeAffinity(spec.nodeAffinity, at.child('nodeAffinity')));
  append(errors, validateSource(spec, metadata.name ?? '', at));
  if (storageClassName) append(errors, malformed(at.child('storageClassName'), storageClassName, isDns1123Subdomain));
  if (volumeMode !== undefined && !volumeModes.includes(volumeMode))
    errors.push(notSupported(at.child('volumeMode'), volumeMode, volumeModes));
  return [...errors, ...validateAttributesClass(spec, at)];
}

/** Errors of a volume that an attachment states itself: what only volumes of the cluster have is not for it. */
export function validateInlineVolume(spec: PersistentVolumeSpec, at: Path): FieldError[] {
  const inline = 'in the context of inline volumes';
  const no = (field: string) => forbidden(at.child(field), `may not be specified ${inline}`);
  const errors: FieldError[] = [];
  if (spec.claimRef) errors.push(no('claimRef'));
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.push(no('capacity'));
  if (!spec.csi) errors.push(required(at.child('csi'), `has to be specified ${inline}`));
  append(errors, validateModes(spec, at));
  const { persistentVolumeReclaimPolicy: policy, volumeMode } = spec;
  if (policy && policy !== 'Retain')
    errors.push(forbidden(at.child('persistentVolumeReclaimPolicy'), `may only be Retain ${inline}`));
  if (spec.nodeAffinity) errors.push(no('nodeAffinity'));
  append(errors, validateSource({ ...spec, nodeAffinity: undefined } as PersistentVolumeSpec, '', at));
  if (spec.storageClassName) errors.push(no('storageClassName'));
  if (volumeMode !== undefined && volumeMode !== 'Filesystem')
    errors.push(forbidden(at.child('volumeMode'), `may not specify volumeMode other than Filesystem ${inline}`));
  return [...errors, ...validateAttributesClass(spec, at)];
}

function validateModes({ accessModes = [] }: PersistentVolumeSpec, at: Path): FieldError[] {
  const path = at.child('accessModes');
  return accessModes.length === 0 ? [required(path)] : validateAccessModes(accessModes, path);
}

function validateSource(spec: PersistentVolumeSpec, name: string, at: Path): FieldError[] {
  const errors = validatePersistentVolumeSource(spec, name, at);
  const { hostPath, persistentVolumeReclaimPolicy: policy } = spec;
  const wholeHost = hostPath?.path && /^\/+\.?$/.test(posix.normalize(hostPath.path));
  if (wholeHost && policy === 'Recycle')
    errors.push(
      forbidden(at.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"),
    );
  return errors;
}

function validateNodeAffinity({ required: selector }: VolumeNodeAffinity, at: Path): FieldError[] {
  const path = at.child('required');
  return selector ? validateNodeSelector(selector, path) : [required(path, 'must specify required node constraints')];
}

function validateAttributesClass(
  { volumeAttributesClassName: name, csi }: PersistentVolumeSpec,
  at: Path,
): FieldError[] {
  if (name === undefined) return [];
  const path = at.child('volumeAttributesClassName');
  return [
    ...(name === '' ? [required(path, 'an empty string is disallowed')] : malformed(path, name, isDns1123Subdomain)),
    ...(csi ? [] : [required(at.child('csi'), 'has to be specified when using volumeAttributesClassName')]),
  ];
}

/** Errors of a change: a volume stays where it is and what it is. */
export function validatePersistentVolumeUpdate(it: PersistentVolume, old: PersistentVolume, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [clone(sourceOf(it.spec)), sourceOf(old.spec)];
  // The secret for growing a volume came later than the volumes: it may be added.
  if (now.csi && before.csi && !before.csi.controllerExpandSecretRef) delete now.csi.controllerExpandSecretRef;
  if (!deepEqual(now, before)) {
    const diff = goDiff('core/v1.PersistentVolumeSource', before, now);
    errors.push(
      forbidden(
        at.child('spec.persistentvolumesource'),
        `spec.persistentvolumesource is immutable after creation\n${diff}`,
      ),
    );
  }
  if (it.spec.volumeMode !== old.spec.volumeMode)
    errors.push(invalid(at.child('volumeMode'), it.spec.volumeMode, 'field is immutable'));
  const affinity = it.spec.nodeAffinity;
  if (old.spec.nodeAffinity && !deepEqual(withOlderLabels(affinity, old.spec.nodeAffinity), old.spec.nodeAffinity)) {
    const shown = affinity && goForm('core/v1.VolumeNodeAffinity', affinity);
    errors.push(invalid(at.child('nodeAffinity'), shown, 'field is immutable'));
  }
  const attributes = at.child('spec.volumeAttributesClassName');
  if (old.spec.volumeAttributesClassName !== undefined && it.spec.volumeAttributesClassName === undefined)
    errors.push(forbidden(attributes, 'update from non-nil value to nil is forbidden'));
  return errors;
}

/** `affinity` with labels named as `old` named them, wherever it only follows their renaming. */
function withOlderLabels(
  affinity: VolumeNodeAffinity | undefined,
  old: VolumeNodeAffinity,
): VolumeNodeAffinity | undefined {
  const copy = clone(affinity);
  const requirements = (it: VolumeNodeAffinity | undefined): (readonly NodeSelectorRequirement[])[] =>
    (it?.required?.nodeSelectorTerms ?? []).map((term) => term.matchExpressions ?? []);
  const before = requirements(old);
  for (const [i, term] of requirements(copy).entries()) {
    for (const [j, requirement] of term.entries()) {
      const was = before[i]?.[j]?.key ?? '';
      if (newerLabels[was] === requirement.key) requirement.key = was;
    }
  }
  return copy;
}

/** Errors of a report of a volume's state: whoever reports says which one they saw. */
export function validatePersistentVolumeStatusUpdate(
  it: PersistentVolume,
  _old: PersistentVolume,
  at: Path,
): FieldError[] {
  return it.metadata.resourceVersion ? [] : [required(at.child('resourceVersion'))];
}
