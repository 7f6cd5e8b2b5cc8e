import { readdir, readlink, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@coracle/api/types/core/v1';
import { logFolderOf } from '../logs/paths.ts';
import type { PodDependencies } from './dependencies.ts';
import type { RuntimePod } from './runtime-pod.ts';
import { removeSandboxes, unlessNotFound } from './sandbox.ts';

/** Removes a container's earlier ends but the last, which `kubectl logs --previous` reads. `before` is from before its newest start. */
export async function removeDeadContainers(deps: PodDependencies, before: RuntimePod, name: string): Promise<void> {
  const [, ...older] = before.containers.filter((each) => each.name === name && each.state === 'exited');
  for (const { id, logPath } of older) {
    await deps.cri.runtime.removeContainer({ containerId: id }).catch(unlessNotFound);
    await removeLogs(logPath);
  }
}

/** Removes all that is left of a pod that is gone: containers, sandboxes, logs, folders. */
export async function removeTraces(deps: PodDependencies, pod: Pod, actual: RuntimePod): Promise<void> {
  const uid = pod.metadata.uid ?? '';
  await removeSandboxes(deps, actual.sandboxes);
  for (const { id } of actual.containers)
    await deps.cri.runtime.removeContainer({ containerId: id }).catch(unlessNotFound);
  await deps.volumes.tearDown(uid);
  await deps.cgroups.remove(pod);
  await rm(logFolderOf(deps.settings.podLogs, pod), { recursive: true, force: true });
  await removeDanglingLinks(deps.settings.containerLogLinks, `${pod.metadata.name}_${pod.metadata.namespace}_`);
  deps.statuses.forget(uid);
}

/** A log and what rotation made of it: `0.log`, `0.log.20261122-065812`, `….gz`. */
async function removeLogs(logPath: string): Promise<void> {
  if (!logPath) return;
  const slash = logPath.lastIndexOf('/');
  const folder = logPath.slice(0, slash);
  const base = logPath.slice(slash + 1);
  const names = await readdir(folder).catch(absent);
  for (const name of names ?? [])
    if (name === base || name.startsWith(`${base}.`)) await rm(join(folder, name), { force: true });
}

async function removeDanglingLinks(folder: string, prefix: string): Promise<void> {
  const names = (await readdir(folder).catch(absent)) ?? [];
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const target = await readlink(join(folder, name)).catch(absent);
    if (target !== undefined && (await readdir(join(target, '..')).catch(absent)) === undefined) {
      await unlink(join(folder, name)).catch(absent);
    }
  }
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'EINVAL' && code !== 'ENOTDIR') throw error;
}
