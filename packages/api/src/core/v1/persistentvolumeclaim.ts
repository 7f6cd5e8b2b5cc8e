import { age, text, wide } from '../../columns.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { shownAccessModes } from './access-modes.ts';
import { alignDataSources, claimSpecDefaults, isClaimOrSnapshot } from './claim-defaults.ts';
import { storageClassOf } from './class-annotation.ts';
import {
  validatePersistentVolumeClaim,
  validatePersistentVolumeClaimStatusUpdate,
  validatePersistentVolumeClaimUpdate,
} from './persistentvolumeclaim-validation.ts';
import { claimWarnings } from './volume-warnings.ts';

/** A wish for storage, which a volume is bound to. */
export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>('core/v1', {
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  hasGeneration: false,
  subresources: { status: true },
  defaults(it) {
    it.spec ??= {};
    it.status ??= {};
    it.status.phase ||= 'Pending';
    claimSpecDefaults(it.spec);
    if (it.spec.dataSourceRef || (it.spec.dataSource && isClaimOrSnapshot(it.spec.dataSource)))
      alignDataSources(it.spec);
  },
  prepareForCreate(it) {
    it.status = { phase: 'Pending' };
    settleDataSources(it.spec);
  },
  prepareForUpdate: ({ spec }, old) => settleDataSources(spec, old.spec),
  validate: validatePersistentVolumeClaim,
  validateUpdate: validatePersistentVolumeClaimUpdate,
  validateStatusUpdate: validatePersistentVolumeClaimStatusUpdate,
  warnings: (it, _old, subresource) => (subresource === '' ? claimWarnings(it) : []),
  columns: [
    text(
      'Status',
      (it) => (it.metadata.deletionTimestamp ? 'Terminating' : it.status?.phase),
      'Whether it has a volume.',
    ),
    text('Volume', (it) => it.spec.volumeName, 'The volume it is bound to.'),
    text(
      'Capacity',
      (it) => (it.spec.volumeName ? (it.status?.capacity?.['storage'] ?? '0') : ''),
      'How much the volume holds.',
    ),
    text(
      'Access Modes',
      (it) => (it.spec.volumeName ? shownAccessModes(it.status?.accessModes) : ''),
      'Ways the volume can be mounted.',
    ),
    text('StorageClass', storageClassOf, 'The class it is of.'),
    text(
      'VolumeAttributesClass',
      (it) => it.spec.volumeAttributesClassName ?? '<unset>',
      'The class its attributes are of.',
    ),
    age,
    wide(text('VolumeMode', (it) => it.spec.volumeMode ?? '<unset>', 'Whether it is a file system or a raw device.')),
  ],
});

/** What the older field cannot name was always ignored, and so are sources in other namespaces, which are not on yet: unless they are there. */
function settleDataSources(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec = {}): void {
  if (spec.dataSourceRef?.namespace && !old.dataSourceRef) delete spec.dataSourceRef;
  const isKept = spec.dataSourceRef ?? old.dataSource ?? old.dataSourceRef;
  if (!isKept && spec.dataSource && !isClaimOrSnapshot(spec.dataSource)) delete spec.dataSource;
  alignDataSources(spec);
}
