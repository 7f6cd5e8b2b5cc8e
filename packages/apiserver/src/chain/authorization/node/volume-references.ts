import type { PersistentVolume, SecretReference } from '@coracle/api/types/core/v1';

/** A secret that mounting a volume takes. */
export interface SecretKey {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The secrets a node needs to mount a volume; where one names no namespace, it is in that of the volume's claim. Those for attaching
 * and growing are the controllers' alone.
 */
export function mountSecretsOf({ spec }: PersistentVolume): SecretKey[] {
  const found: SecretKey[] = [];
  const home = spec.claimRef?.namespace ?? '';
  const add = (secret: SecretReference | undefined) => {
    if (secret?.name) found.push({ namespace: secret.namespace || home, name: secret.name });
  };
  const { azureFile, csi } = spec;
  if (azureFile) add({ name: azureFile.secretName, namespace: azureFile.secretNamespace ?? '' });
  for (const source of [spec.cephfs, spec.cinder, spec.flexVolume, spec.rbd, spec.scaleIO, spec.iscsi, spec.storageos])
    add(source?.secretRef);
  for (const secret of [csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef]) add(secret);
  return found;
}
