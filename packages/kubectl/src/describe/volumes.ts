import type { Volume } from '@coracle/api/types/core/v1';
import { describeEphemeralVolume } from './claim.ts';
import type { Description } from './description.ts';
import { attributeEntries, sharedSourceLines } from './volume-sources.ts';

export function describeVolumes(out: Description, volumes: readonly Volume[] | undefined, space: string): void {
  if (!volumes?.length) {
    out.line(0, `${space}Volumes:\t<none>`);
    return;
  }
  out.line(0, `${space}Volumes:`);
  for (const volume of volumes) {
    out.line(1, `${space === '' ? '' : ' '}${volume.name}:`);
    const lines = sourceLines(volume);
    if (volume.ephemeral?.volumeClaimTemplate) describeEphemeralVolume(out, volume.ephemeral.volumeClaimTemplate);
    else if (lines) for (const line of lines) out.line(2, line);
    else out.line(1, '<unknown>');
    if (volume.csi) out.nestedEntries('VolumeAttributes', attributeEntries(volume.csi.volumeAttributes), '<none>');
  }
}

function sourceLines(volume: Volume): string[] | undefined {
  const { emptyDir, secret, configMap, persistentVolumeClaim, downwardAPI, projected, csi, gitRepo, image } = volume;
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
  if (gitRepo) {
    return [
      'Type:\tGitRepo (a volume that is pulled from git when the pod is created)',
      `Repository:\t${gitRepo.repository}`,
      `Revision:\t${gitRepo.revision ?? ''}`,
    ];
  }
  if (image) {
    return [
      'Type:\tImage (a container image or OCI artifact)',
      `Reference:\t${image.reference ?? ''}`,
      `PullPolicy:\t${image.pullPolicy ?? ''}`,
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
  return sharedSourceLines(volume, false);
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
