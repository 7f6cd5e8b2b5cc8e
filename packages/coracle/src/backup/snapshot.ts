import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, checkout, controlPlanes, type NodeRecord, nodeFolder } from '../cluster/cluster.ts';
import { Etcd } from '../cluster/etcd.ts';
import { users } from '../components/component.ts';
import { etcdPeerUrl } from '../components/etcd.ts';
import { fail } from '../failure.ts';
import { giveTo } from '../host/files.ts';
import { CommandError, run } from '../host/run.ts';
import type { SnapshotFacts } from './contents.ts';

const etcdutlProgram = join(checkout, '.cache/host/bin/etcdutl');

/** A folder of etcd's data, below a cluster's folder. */
export const etcdData = (node: NodeRecord): string => join('nodes', node.name, 'var/lib/etcd');

/** Longer than any snapshot takes that a disk of this machine holds, in seconds. */
const saveTimeout = 3600;
/** How long a member may take to say that it has the others' consent, in seconds. */
const checkTimeout = 5;

/**
 * Has a member of etcd write all it knows to a file. A member that has a majority behind it is asked, so that nothing that was promised to
 * anybody is missing; only when there is none, whichever member is left. Throws Failure when no member answers.
 */
export async function saveSnapshot(
  cluster: Cluster,
  file: string,
  signal: AbortSignal,
): Promise<SnapshotFacts & { member: string; majority: boolean }> {
  const problems: string[] = [];
  for (const majority of [true, false]) {
    for (const node of controlPlanes(cluster)) {
      const etcd = new Etcd(cluster, [node]);
      try {
        // A read of any key waits until the member has what a majority has.
        if (majority) await etcd.ctl(['get', 'coracle'], { timeout: checkTimeout, signal });
        const { version } = await etcd.status();
        await etcd.ctl(['snapshot', 'save', file], { timeout: saveTimeout, signal });
        return { ...(await snapshotFacts(file)), version, member: node.name, majority };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof CommandError) || noRoom(error)) throw error;
        problems.push(`${node.name}: ${lastWords(error)}`);
      }
    }
  }
  return fail(`no member of etcd gives a snapshot: ${problems.at(-1)}`, {
    next: `'coracle status --name ${cluster.name}' shows what runs.`,
  });
}

/** What etcd tells of a snapshot, or of the database of a member that does not run. Throws CommandError when it is damaged. */
export async function snapshotFacts(file: string): Promise<Omit<SnapshotFacts, 'version'>> {
  const { hash, revision, totalKey } = JSON.parse(
    await run([etcdutlProgram, 'snapshot', 'status', file, '--write-out=json']),
  ) as { hash: number; revision: number; totalKey: number };
  return { hash, revision, keys: totalKey };
}

/** `3.5.16`: of the etcd that restores snapshots here. */
export async function ownVersion(): Promise<string> {
  const text = await run([etcdutlProgram, 'version']);
  const version = /^etcdutl version: (\S+)/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`etcdutl tells no version: ${text}`);
  return version;
}

/** The highest revision that anybody may have seen of a cluster: of members that run, and of the data of those that do not. 0 where nothing can be read. */
export async function presentRevision(cluster: Cluster, runs: (node: NodeRecord) => boolean): Promise<number> {
  const revisions = await Promise.all(
    controlPlanes(cluster).map(async (node) => {
      try {
        if (runs(node)) return (await new Etcd(cluster, [node]).status()).revision;
        const database = join(nodeFolder(cluster, node.name), 'var/lib/etcd/member/snap/db');
        return existsSync(database) ? (await snapshotFacts(database)).revision : 0;
      } catch (error) {
        if (error instanceof CommandError) return 0; // damaged or hung: that may be why it is restored
        throw error;
      }
    }),
  );
  return Math.max(0, ...revisions);
}

/** What members are made of. */
export interface MembersPlan {
  snapshot: string;
  members: readonly NodeRecord[];
  /** Tells this etcd from the one before: members of the two never talk to each other. */
  token: string;
  /** How much higher the next revision is than the snapshot's; all before count as compacted. */
  bump: number;
  /** Where a member's data is to be. */
  folderOf: (node: NodeRecord) => string;
}

/** Makes new data of all members of an etcd from a snapshot. Throws Failure when the snapshot is damaged. */
export async function restoreMembers(plan: MembersPlan, signal: AbortSignal): Promise<void> {
  const initialCluster = plan.members.map((it) => `${it.name}=${etcdPeerUrl(it)}`).join(',');
  for (const node of plan.members) {
    const folder = plan.folderOf(node);
    const flags = {
      name: node.name,
      'initial-cluster': initialCluster,
      'initial-cluster-token': plan.token,
      'initial-advertise-peer-urls': etcdPeerUrl(node),
      'bump-revision': String(plan.bump),
      'mark-compacted': 'true',
      'data-dir': folder,
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    try {
      await run([etcdutlProgram, 'snapshot', 'restore', plan.snapshot, ...args], { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CommandError) || noRoom(error)) throw error;
      fail(`etcd cannot restore the snapshot for ${node.name}: ${lastWords(error)}`, { cause: error });
    }
    giveTo(folder, users.etcd);
  }
}

/** The disk is full, which is not etcd's to explain. */
const noRoom = (error: CommandError): boolean => /no space left on device/.test(error.stderr);

/** The last line a program of etcd's wrote is its error; those before are its log. */
function lastWords({ stderr, code }: CommandError): string {
  return (
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^Error: /, '') || `it ended with ${code}`
  );
}
