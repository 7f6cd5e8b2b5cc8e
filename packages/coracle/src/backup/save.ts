import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { Progress } from '../cli/progress.ts';
import { type Cluster, pkiFolder, recordFile } from '../cluster/cluster.ts';
import { fail } from '../failure.ts';
import { explained } from '../host/disk.ts';
import { sync } from '../host/files.ts';
import { CommandError } from '../host/run.ts';
import { authorities, planCertificates } from '../pki/plan.ts';
import { writeArchive } from './archive.ts';
import { pkiEntry, recordEntry, snapshotEntry } from './contents.ts';
import { saveSnapshot } from './snapshot.ts';

/** What a backup is made with. */
export interface Saving {
  cluster: Cluster;
  progress: Progress;
  signal: AbortSignal;
}

/** Writes a backup of a cluster that runs to a file, for its owner alone, whole or not at all. Throws Failure. */
export async function saveToFile(saving: Saving, file: string): Promise<void> {
  const target = resolve(file);
  if (!existsSync(dirname(target))) fail(`there is no folder ${dirname(target)}`);
  if (existsSync(target) && !statSync(target).isFile()) fail(`${file} is there, and no file`);
  const fresh = `${target}.${process.pid}.new`;
  try {
    const open = () => createWriteStream(fresh, { flags: 'wx', mode: 0o600, flush: true });
    await saveTo(saving, { open, where: file, folder: dirname(target) });
    renameSync(fresh, target);
    sync(dirname(target));
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Where a backup goes: what opens it, its name in messages, and a folder on its disk. */
export interface Destination {
  open: () => Writable;
  where: string;
  folder: string;
}

/** Writes a backup of a cluster that runs, and ends the output. Throws Failure. */
export async function saveTo(saving: Saving, { open, where, folder }: Destination): Promise<void> {
  const { cluster, progress, signal } = saving;
  const scratch = join(cluster.data, 'backup');
  rmSync(scratch, { recursive: true, force: true }); // of one that was killed
  mkdirSync(scratch, { mode: 0o700 });
  try {
    const snapshot = join(scratch, snapshotEntry);
    const { member, majority, ...etcd } = await progress.step(
      'snapshot of etcd',
      () => saveSnapshot(cluster, snapshot, signal),
      (it) => `snapshot of etcd from ${it.member}: revision ${it.revision}`,
    );
    if (!majority) {
      progress.note(`      etcd has no majority: this is what ${member} knew, and others may have known more`);
    }
    const files = { [recordEntry]: recordFile(cluster), ...pkiFiles(cluster), [snapshotEntry]: snapshot };
    const ingredients = { cluster: cluster.name, etcd, created: new Date(), files };
    await progress.step(`backup written to ${where}`, () => writeArchive(ingredients, open(), signal));
  } catch (error) {
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') fail(`nobody reads ${where} any more`, { cause: error });
    throw explained(error, error instanceof CommandError ? cluster.data : folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The cluster's keys and certificates by their names in a backup. Throws Failure when one that cannot be made again is lost. */
function pkiFiles(cluster: Cluster): Record<string, string> {
  const needed = authorityFiles.filter((it) => !existsSync(join(pkiFolder(cluster), it)));
  if (needed.length > 0)
    fail(`${join(pkiFolder(cluster), needed[0]!)} is lost, and a backup without it is worth little`);
  return Object.fromEntries(
    keptPkiFiles(cluster)
      .filter((it) => existsSync(join(pkiFolder(cluster), it)))
      .map((it) => [pkiEntry(it), join(pkiFolder(cluster), it)]),
  );
}

/** What all that was ever signed in a cluster depends on. */
export const authorityFiles: readonly string[] = [
  ...Object.keys(authorities).flatMap((it) => [`${it}.crt`, `${it}.key`]),
  'sa.key',
  'sa.pub',
];

/** All files of the pki folder that a cluster has a use for. */
export const keptPkiFiles = (cluster: Cluster): string[] => [
  ...authorityFiles,
  ...planCertificates(cluster).flatMap(({ file }) => [`${file}.crt`, `${file}.key`]),
];
