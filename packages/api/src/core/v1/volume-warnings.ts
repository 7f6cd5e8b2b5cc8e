import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PodSpec,
} from '../../generated/core/v1.ts';
import type { ObjectMeta } from '../../generated/meta/v1.ts';
import { append } from '../../meta/append.ts';
import { Quantity } from '../../meta/quantity.ts';
import { storageClassAnnotation } from './class-annotation.ts';
import { labelWarnings } from './node-labels.ts';

const mountOptionsAnnotation = 'volume.beta.kubernetes.io/mount-options';

/** Sources whose drivers left Kubernetes, how messages name them, and since when. */
const deprecatedSources = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** Those of pods alone. */
const deprecatedInPods = [
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ...deprecatedSources,
] as const;

/** What a client is warned of in the volumes of a pod or a template; `at` is where its spec is. */
export function podVolumeWarnings(spec: PodSpec | undefined, at: string): string[] {
  return (spec?.volumes ?? []).flatMap((volume, i) => {
    const path = `${at}.volumes[${i}]`;
    const template = volume.ephemeral?.volumeClaimTemplate;
    return [
      ...deprecatedInPods.filter(([source]) => volume[source]).map(([, name, text]) => `${path}.${name}: ${text}`),
      ...(template ? claimSpecWarnings(template.spec, `${path}.ephemeral.volumeClaimTemplate.spec`) : []),
    ];
  });
}

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
      append(warnings, labelWarnings(key, `${path}: ${key} is `));
    }
  }
  return [
    ...warnings,
    ...deprecatedSources.filter(([source]) => spec[source]).map(([, name, text]) => `spec.${name}: ${text}`),
  ];
}

/** What a client is warned of that writes a claim. */
export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  return [...classWarnings(metadata), ...claimSpecWarnings(spec, 'spec')];
}

/** What a client is warned of that writes the spec of a claim, or of a template of claims, at `at`. */
export function claimSpecWarnings({ resources = {} }: PersistentVolumeClaimSpec, at: string): string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const amount = resources[list]?.['storage'];
    if (amount === undefined || Quantity.parse(amount).milliValue() % 1000n === 0n) return [];
    return [
      `${at}.resources.${list}[storage]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`,
    ];
  });
}

function classWarnings({ annotations }: ObjectMeta): string[] {
  if (annotations?.[storageClassAnnotation] === undefined) return [];
  return [
    `metadata.annotations[${storageClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`,
  ];
}
