import type { Volume } from '@coracle/api/types/core/v1';
import { type CheckPod, counted, quotedList, sorted } from './check.ts';

/** No paths of the host. */
export const hostPathVolumes: CheckPod = (spec) => {
  const names = (spec.volumes ?? []).flatMap(({ name, hostPath }) => (hostPath ? [name] : []));
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: counted('volume', names) };
};

const allowed = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** Only volumes that are the cluster's own, and those an administrator provides. */
export const restrictedVolumes: CheckPod = (spec) => {
  const bad = (spec.volumes ?? []).flatMap((volume) => {
    const type = typeOf(volume);
    return allowed.has(type) ? [] : [{ name: volume.name, type }];
  });
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(({ type }) => type));
  const uses = bad.length === 1 ? 'uses' : 'use';
  const names = bad.map(({ name }) => name);
  const what = types.length === 1 ? 'restricted volume type' : 'restricted volume types';
  return {
    reason: 'restricted volume types',
    detail: `${counted('volume', names)} ${uses} ${what} ${quotedList(types)}`,
  };
};

function typeOf({ name: _, ...source }: Volume): string {
  const types = Object.keys(source).filter((type) => source[type as keyof typeof source] !== undefined);
  return types.find((type) => allowed.has(type)) ?? types[0] ?? 'unknown';
}
