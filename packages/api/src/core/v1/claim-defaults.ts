import type { PersistentVolumeClaimSpec, TypedLocalObjectReference } from '../../generated/core/v1.ts';

/** Fills in the spec of a claim, or of a template of claims, in place. */
export function claimSpecDefaults(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
}

/**
 * Where a claim's contents come from is said in two fields, of which the newer knows more kinds (KEP-1495). Each is filled in from the
 * other, in place, as far as the older one can hold it.
 */
export function alignDataSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { namespace: _, ...local } = dataSourceRef;
    spec.dataSource = local;
  } else if (dataSource && !dataSourceRef) {
    spec.dataSourceRef = { ...dataSource };
  }
}

/** The kinds the older field could always name; others in it were ignored, and still are in new claims. */
export function isClaimOrSnapshot({ apiGroup = '', kind }: TypedLocalObjectReference): boolean {
  if (apiGroup === '') return kind === 'PersistentVolumeClaim';
  return apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot';
}
