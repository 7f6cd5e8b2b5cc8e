import type { Container, EphemeralContainer, Pod, Volume } from '../../generated/core/v1.ts';

/** The kinds of objects a pod makes its node read. */
export type Referenced = 'secret' | 'configmap' | 'persistentvolumeclaim' | 'serviceaccount' | 'resourceclaim';

/** An object of the pod's namespace that the pod needs. */
export interface Reference {
  readonly kind: Referenced;
  readonly name: string;
}

/** Everything a pod refers to in its namespace, each once. */
export function referencesOf(pod: Pod): Reference[] {
  const found = new Map<string, Reference>();
  const add = (kind: Referenced, name: string | undefined) => {
    if (name) found.set(`${kind}/${name}`, { kind, name });
  };
  const { spec } = pod;
  add('serviceaccount', spec.serviceAccountName);
  for (const each of spec.imagePullSecrets ?? []) add('secret', each.name);
  const containers: (Container | EphemeralContainer)[] = [
    ...(spec.initContainers ?? []),
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []),
  ];
  for (const { env = [], envFrom = [] } of containers) {
    for (const { valueFrom } of env) {
      add('secret', valueFrom?.secretKeyRef?.name);
      add('configmap', valueFrom?.configMapKeyRef?.name);
    }
    for (const { secretRef, configMapRef } of envFrom) {
      add('secret', secretRef?.name);
      add('configmap', configMapRef?.name);
    }
  }
  for (const each of spec.resourceClaims ?? []) add('resourceclaim', each.resourceClaimName);
  // Claims that were made for the pod.
  for (const each of pod.status?.resourceClaimStatuses ?? []) add('resourceclaim', each.resourceClaimName);
  add('resourceclaim', pod.status?.extendedResourceClaimStatus?.resourceClaimName);
  for (const volume of spec.volumes ?? []) ofVolume(volume, pod.metadata.name ?? '', add);
  return [...found.values()];
}

function ofVolume(volume: Volume, podName: string, add: (kind: Referenced, name: string | undefined) => void): void {
  add('configmap', volume.configMap?.name);
  add('persistentvolumeclaim', volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral) add('persistentvolumeclaim', `${podName}-${volume.name}`);
  for (const source of volume.projected?.sources ?? []) {
    add('secret', source.secret?.name);
    add('configmap', source.configMap?.name);
  }
  add('secret', volume.secret?.secretName);
  add('secret', volume.azureFile?.secretName);
  for (const local of [
    volume.cephfs?.secretRef,
    volume.cinder?.secretRef,
    volume.csi?.nodePublishSecretRef,
    volume.flexVolume?.secretRef,
    volume.iscsi?.secretRef,
    volume.rbd?.secretRef,
    volume.scaleIO?.secretRef,
    volume.storageos?.secretRef,
  ]) {
    add('secret', local?.name);
  }
}
