import type { Volume } from '@coracle/api/types/core/v1';
import type { Description } from './description.ts';

export function describeVolumes(out: Description, volumes: readonly Volume[] | undefined, space: string): void {
  if (!volumes?.length) {
    out.line(0, `${space}Volumes:\t<none>`);
    return;
  }
  out.line(0, `${space}Volumes:`);
  for (const volume of volumes) {
    out.line(1, `${space === '' ? '' : ' '}${volume.name}:`);
    const lines = sourceLines(volume);
    if (lines) for (const line of lines) out.line(2, line);
    else out.line(1, '<unknown>');
  }
}

function sourceLines(volume: Volume): string[] | undefined {
  const { hostPath, emptyDir, secret, configMap, persistentVolumeClaim, downwardAPI, projected, nfs, csi } = volume;
  if (hostPath) {
    return [
      'Type:\tHostPath (bare host directory volume)',
      `Path:\t${hostPath.path}`,
      `HostPathType:\t${hostPath.type ?? '<none>'}`,
    ];
  }
  if (emptyDir) {
    const limit = emptyDir.sizeLimit;
    return [
      "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)",
      `Medium:\t${emptyDir.medium ?? ''}`,
      `SizeLimit:\t${limit === undefined || String(limit) === '0' ? '<unset>' : limit}`,
    ];
  }
  if (secret) {
    return [
      'Type:\tSecret (a volume populated by a Secret)',
      `SecretName:\t${secret.secretName}`,
      `Optional:\t${secret.optional ?? false}`,
    ];
  }
  if (configMap) {
    return [
      'Type:\tConfigMap (a volume populated by a ConfigMap)',
      `Name:\t${configMap.name}`,
      `Optional:\t${configMap.optional ?? false}`,
    ];
  }
  if (persistentVolumeClaim) {
    return [
      'Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
      `ClaimName:\t${persistentVolumeClaim.claimName}`,
      `ReadOnly:\t${persistentVolumeClaim.readOnly ?? false}`,
    ];
  }
  if (downwardAPI) {
    return [
      'Type:\tDownwardAPI (a volume populated by information about the pod)',
      'Items:',
      ...(downwardAPI.items ?? []).map(
        (item) => `  ${item.fieldRef?.fieldPath ?? item.resourceFieldRef?.resource} -> ${item.path}`,
      ),
    ];
  }
  if (projected) {
    return [
      'Type:\tProjected (a volume that contains injected data from multiple sources)',
      ...(projected.sources ?? []).flatMap(projectedLines),
    ];
  }
  if (nfs) {
    return [
      'Type:\tNFS (an NFS mount that lasts the lifetime of a pod)',
      `Server:\t${nfs.server}`,
      `Path:\t${nfs.path}`,
      `ReadOnly:\t${nfs.readOnly ?? false}`,
    ];
  }
  if (csi) {
    return [
      'Type:\tCSI (a Container Storage Interface (CSI) volume source)',
      `Driver:\t${csi.driver}`,
      `FSType:\t${csi.fsType ?? ''}`,
      `ReadOnly:\t${csi.readOnly ?? false}`,
    ];
  }
  return undefined;
}

type Source = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function projectedLines({ secret, downwardAPI, configMap, serviceAccountToken }: Source): string[] {
  if (secret) return [`SecretName:\t${secret.name}`, `SecretOptionalName:\t${optionalText(secret.optional)}`];
  if (downwardAPI) return ['DownwardAPI:\ttrue'];
  if (configMap)
    return [`ConfigMapName:\t${configMap.name}`, `ConfigMapOptional:\t${optionalText(configMap.optional)}`];
  if (serviceAccountToken) return [`TokenExpirationSeconds:\t${serviceAccountToken.expirationSeconds ?? 3600}`];
  return [];
}

const optionalText = (optional: boolean | undefined): string => (optional === undefined ? '<nil>' : String(optional));
