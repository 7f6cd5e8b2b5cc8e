import { join } from 'node:path';
import type { Pod } from '@coracle/api/types/core/v1';

/** `/var/log/pods/<namespace>_<name>_<uid>`. */
export function podLogFolder(root: string, pod: { namespace: string; name: string; uid: string }): string {
  return join(root, `${pod.namespace}_${pod.name}_${pod.uid}`);
}

export const logFolderOf = (root: string, { metadata }: Pod): string =>
  podLogFolder(root, { namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '' });

/** The log of a container's n-th start, below the pod's folder: `<container>/<n>.log`. */
export const containerLogName = (container: string, restartCount: number): string => `${container}/${restartCount}.log`;

/** The name of the link that log collectors read: `<pod>_<namespace>_<container>-<container id>.log`, at most 255 letters. */
export function logLinkName(pod: Pod, container: string, containerId: string): string {
  const prefix = `${pod.metadata.name}_${pod.metadata.namespace}_${container}-`;
  const suffix = `${containerId}.log`;
  return `${prefix.slice(0, 255 - suffix.length)}${suffix}`;
}
