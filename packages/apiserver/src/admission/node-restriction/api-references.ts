import { referencesOf } from '@coracle/api/core/v1/pod-references';
import type { Pod, Volume, VolumeProjection } from '@coracle/api/types/core/v1';

/** What mirror pods are told apart by first, and how it is called. */
const first = [
  ['serviceaccount', 'serviceaccounts'],
  ['secret', 'secrets'],
  ['configmap', 'configmaps'],
] as const;

const ofVolumes: readonly (readonly [keyof Volume, string])[] = [
  ['csi', 'csidrivers (via CSI volumes)'],
  ['glusterfs', 'endpoints (via glusterFS volumes)'],
  ['persistentVolumeClaim', 'persistentvolumeclaims'],
  ['ephemeral', 'persistentvolumeclaims (via ephemeral volumes)'],
];
const ofProjections: readonly (readonly [keyof VolumeProjection, string])[] = [
  ['serviceAccountToken', 'serviceaccounts (via projected volumes)'],
  ['clusterTrustBundle', 'clustertrustbundles'],
  ['podCertificate', 'podcertificates'],
];

/** The kind of API object that a pod refers to, as upstream calls it; undefined: to none. A mirror pod, which shows what runs anyway, may to none. */
export function apiReferenceIn(pod: Pod): string | undefined {
  const kinds = new Set(referencesOf(pod).map(({ kind }) => kind));
  for (const [kind, name] of first) if (kinds.has(kind)) return name;
  const { resourceClaims, volumes = [] } = pod.spec;
  if (resourceClaims?.length) return 'resourceclaims';
  for (const volume of volumes) {
    for (const [source, name] of ofVolumes) if (volume[source]) return name;
    for (const part of volume.projected?.sources ?? []) {
      for (const [source, name] of ofProjections) if (part[source]) return name;
    }
  }
  return undefined;
}
