import { mkdir } from 'node:fs/promises';
import type { VolumeProjection } from '@coracle/api/types/core/v1';
import { writeAtomically } from './atomic-writer.ts';
import type { VolumeContext, VolumeKind } from './kinds.ts';
import { isMountPoint, mountTmpfs } from './mounts.ts';
import { giveToGroup } from './ownership.ts';
import { configMapFiles, downwardFiles, type Files, secretFiles, tokenFiles } from './projections.ts';

/** A volume whose files come from the API. With `memory` they never touch a disk. */
function contentVolume(
  folderName: string,
  memory: boolean,
  files: (context: VolumeContext) => Promise<Files> | Files,
): VolumeKind {
  return {
    folder: folderName,
    async setUp(context) {
      const { folder, pod } = context;
      const payload = await files(context);
      await mkdir(folder, { recursive: true });
      if (memory && !(await isMountPoint(folder))) await mountTmpfs(folder);
      const gid = pod.spec.securityContext?.fsGroup;
      await writeAtomically(folder, payload, async (made) => {
        if (gid !== undefined) await giveToGroup(made, gid, { readOnly: true });
      });
      return folder;
    },
  };
}

export const configMapVolume = contentVolume('kubernetes.io~configmap', false, (context) => {
  const source = context.volume.configMap!;
  return configMapFiles(context, source, source.defaultMode);
});

export const secretVolume = contentVolume('kubernetes.io~secret', true, (context) => {
  const { secretName, ...source } = context.volume.secret!;
  return secretFiles(context, { name: secretName, ...source }, source.defaultMode);
});

export const downwardVolume = contentVolume('kubernetes.io~downward-api', true, (context) => {
  const source = context.volume.downwardAPI!;
  return downwardFiles(context, source.items ?? [], source.defaultMode);
});

export const projectedVolume = contentVolume('kubernetes.io~projected', true, async (context) => {
  const { sources = [], defaultMode } = context.volume.projected!;
  const all: Files = new Map();
  for (const source of sources) {
    for (const [path, file] of await projection(context, source, defaultMode)) all.set(path, file);
  }
  return all;
});

async function projection(context: VolumeContext, source: VolumeProjection, mode: number | undefined): Promise<Files> {
  if (source.configMap) return configMapFiles(context, source.configMap, mode);
  if (source.secret) return secretFiles(context, source.secret, mode);
  if (source.downwardAPI) return downwardFiles(context, source.downwardAPI.items ?? [], mode);
  if (source.serviceAccountToken) return tokenFiles(context, source.serviceAccountToken, mode);
  const name = Object.keys(source)[0] ?? '';
  throw new Error(`projected volume source ${name} is not supported`);
}
