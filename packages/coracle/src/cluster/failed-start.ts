import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterPlace, failedRecord, logFolder, nodeFolder, ownEntries, recordFile } from './cluster.ts';

/**
 * Takes back a cluster that was never usable, and does not run: what was decided for it binds nobody. Logs stay where they are, for reading; the
 * next `up` or `reset` removes them. Resolves to whether there are any.
 */
export function keepLogsOnly(place: ClusterPlace): boolean {
  const nodes = join(place.data, 'nodes');
  const names = existsSync(nodes) ? readdirSync(nodes) : [];
  for (const name of names) {
    const folder = nodeFolder(place, name);
    keepOnly(folder, ['console.log', 'var']);
    keepOnly(join(folder, 'var'), ['log']);
    keepOnly(join(folder, 'var/log'), ['coracle', 'journal']);
  }
  const logs = names.some(
    (it) => existsSync(logFolder(place, it)) || existsSync(join(nodeFolder(place, it), 'console.log')),
  );
  // The record is moved rather than written anew: the disk may be full.
  if (logs) renameSync(recordFile(place), join(place.data, failedRecord));
  const kept = logs ? ['nodes', failedRecord] : [];
  for (const it of ownEntries) if (!kept.includes(it)) rmSync(join(place.data, it), { recursive: true, force: true });
  if (existsSync(place.data) && readdirSync(place.data).length === 0) rmdirSync(place.data);
  return logs;
}

/** Removes the logs of a cluster that was taken back. */
export function clearFailedStart(place: ClusterPlace): void {
  if (!existsSync(join(place.data, failedRecord))) return;
  for (const it of ownEntries) rmSync(join(place.data, it), { recursive: true, force: true });
}

function keepOnly(folder: string, names: readonly string[]): void {
  if (!existsSync(folder)) return;
  for (const it of readdirSync(folder))
    if (!names.includes(it)) rmSync(join(folder, it), { recursive: true, force: true });
}
