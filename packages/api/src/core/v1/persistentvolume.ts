import { age, text, wide } from '../../columns.ts';
import type { PersistentVolume } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { now } from '../../meta/time.ts';
import { shownAccessModes } from './access-modes.ts';
import { storageClassOf } from './class-annotation.ts';
import {
  validatePersistentVolume,
  validatePersistentVolumeStatusUpdate,
  validatePersistentVolumeUpdate,
} from './persistentvolume-validation.ts';
import { volumeSourceDefaults } from './volume-source-defaults.ts';
import { volumeWarnings } from './volume-warnings.ts';

/** A piece of storage in the cluster, which a claim can be bound to. */
export const persistentVolume = defineKind<PersistentVolume>('core/v1', {
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  hasGeneration: false,
  subresources: { status: true },
  defaults(it) {
    it.spec ??= {};
    const { spec } = it;
    it.status ??= {};
    it.status.phase ||= 'Pending';
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    volumeSourceDefaults(spec);
  },
  prepareForCreate(it) {
    it.status = { phase: 'Pending', lastPhaseTransitionTime: now() };
  },
  validate: validatePersistentVolume,
  validateUpdate: validatePersistentVolumeUpdate,
  validateStatusUpdate: validatePersistentVolumeStatusUpdate,
  warnings: (it, _old, subresource) => (subresource === '' ? volumeWarnings(it) : []),
  columns: [
    text('Capacity', (it) => it.spec.capacity?.['storage'] ?? '0', 'How much it holds.'),
    text('Access Modes', (it) => shownAccessModes(it.spec.accessModes), 'Ways it can be mounted.'),
    text('Reclaim Policy', (it) => it.spec.persistentVolumeReclaimPolicy, 'What becomes of it when its claim is gone.'),
    text(
      'Status',
      (it) => (it.metadata.deletionTimestamp ? 'Terminating' : it.status?.phase),
      'Whether it is bound, or could be.',
    ),
    text('Claim', shownClaim, 'The claim it is bound to.'),
    text('StorageClass', storageClassOf, 'The class it is of.'),
    text(
      'VolumeAttributesClass',
      (it) => it.spec.volumeAttributesClassName ?? '<unset>',
      'The class its attributes are of.',
    ),
    text('Reason', (it) => it.status?.reason, 'Why it is in this phase.'),
    age,
    wide(text('VolumeMode', (it) => it.spec.volumeMode ?? '<unset>', 'Whether it is a file system or a raw device.')),
  ],
});

function shownClaim({ spec: { claimRef } }: PersistentVolume): string {
  return claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '';
}
