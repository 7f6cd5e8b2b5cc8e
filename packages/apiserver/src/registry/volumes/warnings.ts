import { storageClassAnnotation } from '@coracle/api/core/v1/class-annotation';
import { newerLabels } from '@coracle/api/core/v1/persistentvolume-validation';
import { Quantity } from '@coracle/api/meta/quantity';
import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/api/types/core/v1';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';

const mountOptionsAnnotation = 'volume.beta.kubernetes.io/mount-options';

/** Sources whose drivers left Kubernetes, and since when. */
const deprecatedSources = [
  ['cephfs', 'spec.cephfs: deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'spec.scaleIO: deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'spec.storageOS: deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'spec.glusterfs: deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'spec.rbd: deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** What a client is warned of that writes a volume. */
export function volumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const warnings = classWarnings(metadata);
  if (metadata.annotations?.[mountOptionsAnnotation] !== undefined)
    warnings.push(
      `metadata.annotations[${mountOptionsAnnotation}]: deprecated since v1.31; use "mountOptions" attribute instead`,
    );
  if (spec.persistentVolumeReclaimPolicy === 'Recycle')
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  for (const [i, term] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries()) {
    for (const [j, { key }] of (term.matchExpressions ?? []).entries()) {
      const path = `spec.nodeAffinity.required.nodeSelectorTerms[${i}].matchExpressions[${j}].key`;
      const newer = newerLabels[key];
      if (newer) warnings.push(`${path}: ${key} is deprecated since ${since(key)}; use "${newer}" instead`);
    }
  }
  return [...warnings, ...deprecatedSources.filter(([source]) => spec[source]).map(([, text]) => text)];
}

const since = (label: string) => (/\/(os|arch)$/.test(label) ? 'v1.14' : 'v1.17');

/** What a client is warned of that writes a claim. */
export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const warnings = classWarnings(metadata);
  for (const [list, amounts] of [
    ['requests', spec.resources?.requests],
    ['limits', spec.resources?.limits],
  ] as const) {
    const amount = amounts?.['storage'];
    if (amount === undefined || Quantity.parse(amount).milliValue() % 1000n === 0n) continue;
    warnings.push(
      `spec.resources.${list}[storage]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`,
    );
  }
  return warnings;
}

function classWarnings({ annotations }: ObjectMeta): string[] {
  if (annotations?.[storageClassAnnotation] === undefined) return [];
  return [
    `metadata.annotations[${storageClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`,
  ];
}
