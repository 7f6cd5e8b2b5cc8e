import type { Pod } from '@coracle/api/types/core/v1';

/** The ConfigMaps and Secrets a pod names, as `configmaps/<namespace>/<name>` and `secrets/<namespace>/<name>`. */
export function referencesOf({ metadata, spec }: Pod): Set<string> {
  const found = new Set<string>();
  const configMap = (name: string | undefined): void =>
    void (name && found.add(`configmaps/${metadata.namespace}/${name}`));
  const secret = (name: string | undefined): void => void (name && found.add(`secrets/${metadata.namespace}/${name}`));
  for (const { name } of spec.imagePullSecrets ?? []) secret(name);
  for (const container of [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]) {
    for (const from of container.envFrom ?? []) {
      configMap(from.configMapRef?.name);
      secret(from.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      configMap(valueFrom?.configMapKeyRef?.name);
      secret(valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) {
    configMap(volume.configMap?.name);
    secret(volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      configMap(source.configMap?.name);
      secret(source.secret?.name);
    }
  }
  return found;
}
