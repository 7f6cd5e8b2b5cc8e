import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PodDependencies } from './dependencies.ts';

/**
 * Removes what pods that are unknown by now have left on the node: volumes, folders, cgroups and logs. Pods that still have containers
 * are not touched: their workers see to them. `known` are the uids of all pods.
 */
export async function removeLeftovers(deps: PodDependencies, known: ReadonlySet<string>): Promise<void> {
  const { volumes, cgroups, settings, log } = deps;
  for (const uid of await volumes.kept()) {
    if (known.has(uid)) continue;
    log.info({ uid }, 'Cleaning up orphaned pod volumes dir');
    await volumes.tearDown(uid);
  }
  for (const name of await cgroups.removeOrphans(known))
    log.info({ cgroup: name }, 'Removed the cgroup of an orphaned pod');
  for (const folder of await readdir(settings.podLogs).catch(absent)) {
    const uid = folder.slice(folder.lastIndexOf('_') + 1);
    if (!known.has(uid)) await rm(join(settings.podLogs, folder), { recursive: true, force: true });
  }
}

function absent(error: NodeJS.ErrnoException): string[] {
  if (error.code !== 'ENOENT') throw error;
  return [];
}
