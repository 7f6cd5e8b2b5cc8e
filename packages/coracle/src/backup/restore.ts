import { cpSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Progress } from '../cli/progress.ts';
import { bringUp } from '../cluster/bring-up.ts';
import {
  type Cluster,
  type ClusterPlace,
  type ClusterRecord,
  controlPlanes,
  loadCluster,
  readRecord,
} from '../cluster/cluster.ts';
import { clearFailedStart } from '../cluster/failed-start.ts';
import { takingNetworks } from '../cluster/lock.ts';
import { networkOf, nodeIdentity } from '../cluster/node-spec.ts';
import { checkBeforehand, checkEmpty } from '../cluster/preflight.ts';
import { erase, takeDown } from '../cluster/take-down.ts';
import { fail } from '../failure.ts';
import { explained } from '../host/disk.ts';
import { syncTree } from '../host/files.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { raiseNetwork } from '../nodes/network.ts';
import { readArchive } from './archive.ts';
import { checkFits, checkNetworksFree, checkSnapshot } from './checks.ts';
import { type Contents, pkiEntry, recordEntry, snapshotEntry } from './contents.ts';
import { forgetOld, newPart, putBack, replaceParts, restoreFolder, settleRestore } from './replacing.ts';
import { keptPkiFiles } from './save.ts';
import { etcdData, presentRevision, restoreMembers } from './snapshot.ts';

/** Revisions go up by this much at least, in etcd's documentation's own choice: no cluster writes so much unseen. */
const leastBump = 1_000_000_000;
/** And by this much a second since the backup: more than etcd can write, so that restoring again and again goes only up, whatever was in between. */
const bumpPerSecond = 100_000;

/** What is restored, from where, and with what. */
export interface Restoring {
  place: ClusterPlace;
  open: () => Readable;
  /** Names the backup in messages. */
  where: string;
  /** Restores also into a cluster that runs, and stops it for that. */
  force: boolean;
  driver: NodeDriver;
  progress: Progress;
  signal: AbortSignal;
  /** Brings the cluster up; tests have one that makes no nodes. */
  start?: (cluster: ClusterRecord, signal: AbortSignal) => Promise<void>;
}

/**
 * Takes a cluster back to what a backup holds, or makes it anew where there is none, and brings it up. All is checked and prepared before
 * anything is changed; when a step fails, what was there before is put back, and runs again if it ran. Throws Failure.
 */
export async function restore(restoring: Restoring): Promise<Cluster> {
  const { place, driver, progress } = restoring;
  const running = await settle(restoring);
  const existing = loadCluster(place);
  if (!existing) checkEmpty(place);
  if (existing && running.length > 0 && !restoring.force) {
    fail(`cluster ${place.name} runs, and what was written to it since the backup would be lost`, {
      next: '--force stops it and restores the backup.',
    });
  }
  if (!existing) clearFailedStart(place);
  const prepared = await prepare(restoring, existing, running);
  try {
    if (running.length > 0) {
      await progress.step(`cluster ${place.name} stopped`, () => takeDown(existing!, driver));
    }
    restoring.signal.throwIfAborted();
    if (existing) replaceParts(place, prepared.parts, { fresh: false, goneNodes: prepared.gone });
    else await begin(restoring, prepared);
    const cluster = loadCluster(place)!;
    await startOf(restoring)(cluster, restoring.signal);
    forgetOld(cluster);
    return cluster;
  } catch (error) {
    const reason = explained(error, place.data); // what is undone now may make room
    await undo(restoring, existing, running.length > 0).catch((problem: Error) => {
      fail(`${(reason as Error).message}; and what was before does not come back: ${problem.message}`, {
        cause: problem,
        next: `'coracle up --name ${place.name}' tries again.`,
      });
    });
    throw reason;
  }
}

/** Ends what an earlier restore left; resolves to the names of the nodes that run. */
async function settle({ place, driver }: Restoring): Promise<string[]> {
  const unproved = settleRestore(place);
  const cluster = loadCluster(place);
  if (!cluster) return [];
  const found = await Promise.all(cluster.nodes.map((it) => driver.find(nodeIdentity(cluster, it.name))));
  const running = cluster.nodes.filter((_, index) => found[index]).map((it) => it.name);
  if (unproved && running.length === 0) putBack(place);
  else if (unproved) forgetOld(place);
  return running;
}

interface Prepared {
  record: ClusterRecord;
  /** What is to be put in place, below the cluster's folder, the record last. */
  parts: string[];
  /** Nodes of the backup that are no more. */
  gone: string[];
}

/** Unpacks and checks a backup and makes new data of etcd's members from it, all in a folder beside what is there. */
async function prepare(
  restoring: Restoring,
  existing: Cluster | undefined,
  running: readonly string[],
): Promise<Prepared> {
  const { place, where, progress, signal } = restoring;
  const made = !existsSync(place.data);
  const unpacked = join(restoreFolder(place), 'unpacked');
  mkdirSync(unpacked, { recursive: true, mode: 0o700 });
  try {
    const contents = await progress.step(
      'backup checked',
      async () => {
        const read = await readArchive(restoring.open(), unpacked, where, signal);
        await check(restoring, existing, read, readRecord(join(unpacked, recordEntry)));
        return read;
      },
      (it) => `backup of ${it.created} checked: revision ${it.etcd.revision}, ${it.etcd.keys} keys`,
    );
    const prepared = await progress.step('new data of etcd', () => unfold(restoring, existing, running, contents));
    rmSync(unpacked, { recursive: true });
    syncTree(restoreFolder(place));
    return prepared;
  } catch (error) {
    const reason = explained(error, place.data); // what is removed now may make room
    putBack(place);
    if (made && readdirSync(place.data).length === 0) rmdirSync(place.data);
    signal.throwIfAborted();
    throw reason;
  }
}

async function check(
  { place, where }: Restoring,
  existing: Cluster | undefined,
  contents: Contents,
  record: ClusterRecord,
): Promise<void> {
  await checkSnapshot(contents, join(restoreFolder(place), 'unpacked', snapshotEntry), where);
  checkFits(contents, record, place, existing, where);
  if (!existing) await checkNetworksFree(place, record);
  const made = existing ?? record;
  await checkBeforehand(place, made.nodes, made.rootfs);
}

async function unfold(
  { place, signal }: Restoring,
  existing: Cluster | undefined,
  running: readonly string[],
  { etcd, created }: Contents,
): Promise<Prepared> {
  const unpacked = join(restoreFolder(place), 'unpacked');
  const backed = readRecord(join(unpacked, recordEntry));
  const record = existing ?? backed;
  const cluster: Cluster = { ...record, ...place };
  const members = controlPlanes(record);
  const age = Math.ceil((Date.now() - Date.parse(created)) / 1000);
  const present = existing ? await presentRevision(existing, (it) => running.includes(it.name)) : 0;
  await restoreMembers(
    {
      snapshot: join(unpacked, snapshotEntry),
      members,
      token: `${place.name}-${etcd.hash}-${Date.now()}`,
      bump: Math.max(present - etcd.revision, bumpPerSecond * age, 0) + leastBump,
      folderOf: (node) => {
        const folder = newPart(place, etcdData(node));
        mkdirSync(join(folder, '..'), { recursive: true });
        return folder;
      },
    },
    signal,
  );
  mkdirSync(newPart(place, 'pki'), { recursive: true, mode: 0o700 });
  for (const it of keptPkiFiles(cluster)) {
    const file = join(unpacked, pkiEntry(it));
    if (existsSync(file)) cpSync(file, join(newPart(place, 'pki'), it));
  }
  if (!existing) cpSync(join(unpacked, recordEntry), newPart(place, 'cluster.json'));
  return {
    record,
    parts: ['pki', ...members.map(etcdData), ...(existing ? [] : ['cluster.json'])],
    gone: backed.nodes.map((it) => it.name).filter((name) => !record.nodes.some((it) => it.name === name)),
  };
}

/** Where there is no cluster, it begins to be there, and takes its networks, while nobody else takes any. */
function begin({ place }: Restoring, { record, parts }: Prepared): Promise<void> {
  return takingNetworks(place, async () => {
    await checkNetworksFree(place, record);
    replaceParts(place, parts, { fresh: true, goneNodes: [] });
    await raiseNetwork(networkOf(record, record.nodes[0]!));
  });
}

/** Makes everything as it was before, and has the cluster run again if it ran. */
async function undo(restoring: Restoring, existing: Cluster | undefined, ran: boolean): Promise<void> {
  const { place, driver, progress } = restoring;
  if (!existing) {
    await progress.step('everything removed again', () => erase(place, driver));
    return;
  }
  await progress.step('everything as it was before', async () => {
    await takeDown(existing, driver);
    putBack(place);
  });
  // Whoever interrupted the restore wants the cluster as it was, so this runs to its end.
  if (ran) await startOf(restoring)(existing, new AbortController().signal);
}

function startOf({ place, driver, progress, start }: Restoring): NonNullable<Restoring['start']> {
  if (start) return start;
  return async (cluster, signal) => {
    await bringUp(place, { wishes: cluster, said: {}, example: false, pull: false }, driver, progress, signal);
  };
}
