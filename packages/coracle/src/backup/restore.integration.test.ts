import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { startEtcd } from '@coracle/apiserver/testing/etcd';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Progress } from '../cli/progress.ts';
import { type Cluster, checkout, pkiFolder, recordFile, saveCluster } from '../cluster/cluster.ts';
import { plainWishes, planCluster } from '../cluster/plan.ts';
import { users } from '../components/component.ts';
import { run } from '../host/run.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { ensurePki } from '../pki/certificates.ts';
import { writeArchive } from './archive.ts';
import { recordEntry, type SnapshotFacts } from './contents.ts';
import { settleRestore } from './replacing.ts';
import { type Restoring, restore } from './restore.ts';
import { keptPkiFiles } from './save.ts';
import { etcdData, snapshotFacts } from './snapshot.ts';

/** Snapshots are etcd's own; nodes are made up, so that nothing of the machine is touched. */
const name = `restore${process.pid}`;
let folder: string;
let snapshot: string;
let facts: SnapshotFacts;
let cluster: Cluster;
let started: string[];
let stopped: string[];

const never = new AbortController().signal;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-restore-'));
  snapshot = join(folder, 'snapshot.db');
  const etcd = await startEtcd();
  try {
    const etcdctl = [join(checkout, '.cache/host/bin/etcdctl'), `--endpoints=${etcd.url}`] as const;
    const env = { ETCDCTL_API: '3' };
    for (const it of ['one', 'two', 'three']) await run([...etcdctl, 'put', `/registry/${it}`, it], { env });
    await run([...etcdctl, 'snapshot', 'save', snapshot], { env });
  } finally {
    await etcd.close();
  }
  facts = { ...(await snapshotFacts(snapshot)), version: '3.5.16' };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  const place = { name, data: join(folder, 'data'), runtime: join(folder, 'run') };
  cluster = saveCluster(place, planCluster(name, plainWishes(4, 3), [], []));
  await ensurePki(cluster);
  for (const it of cluster.nodes.slice(0, 3)) {
    mkdirSync(join(cluster.data, etcdData(it)), { recursive: true });
    writeFileSync(join(cluster.data, etcdData(it), 'old'), 'old');
  }
  started = [];
  stopped = [];
});
afterEach(() => rmSync(cluster.data, { recursive: true, force: true }));

/** A backup of the cluster as it is on disk, with the snapshot of above. */
async function backup({ etcd = facts, db = snapshot, of = name, created = new Date() } = {}): Promise<Buffer> {
  const pki = keptPkiFiles(cluster).map((it) => [`pki/${it}`, join(pkiFolder(cluster), it)]);
  const files = { [recordEntry]: recordFile(cluster), ...Object.fromEntries(pki), 'snapshot.db': db };
  const out = new PassThrough();
  const writing = writeArchive({ cluster: of, etcd, created, files }, out, never);
  return (await Promise.all([buffer(out), writing]))[0];
}

/** Nodes that run until they are stopped. */
function driverOf(running: Set<string>): NodeDriver {
  const unused = () => Promise.reject(new Error('not to be asked'));
  return {
    check: unused,
    start: unused,
    run: unused,
    attach: unused,
    find: async (it) => (running.has(it.name) ? { pid: 1 } : undefined),
    clean: async (it) => void running.delete(it.name),
    stop: async (it) => {
      if (running.delete(it.name)) stopped.push(it.name);
      return true;
    },
  };
}

/** Shows nothing, and fails when it comes to a step. */
class Failing extends Progress {
  readonly #at: string | undefined;

  constructor(at?: string) {
    super();
    this.#at = at;
  }

  override async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (what === this.#at) throw new Error(`failed at ${what}`);
    return work();
  }
}

const restoring = (bytes: Buffer, more: Partial<Restoring> = {}): Restoring => ({
  place: cluster,
  open: () => Readable.from([bytes]),
  where: 'b.tar.gz',
  force: false,
  driver: driverOf(new Set()),
  progress: new Failing(),
  signal: never,
  start: async (it) => void started.push(...it.nodes.map((node) => node.name)),
  ...more,
});

const database = (index: number) => join(cluster.data, etcdData(cluster.nodes[index]!), 'member/snap/db');
const isOld = () => {
  expect(existsSync(join(cluster.data, 'restore'))).toBe(false);
  for (const it of cluster.nodes.slice(0, 3)) expect(readdirSync(join(cluster.data, etcdData(it)))).toEqual(['old']);
};

describe('a restore', () => {
  it('gives every member new data, for etcd alone, whose revision is higher than any before', async () => {
    const bytes = await backup();
    await restore(restoring(bytes));
    const first = await Promise.all([0, 1, 2].map((it) => snapshotFacts(database(it))));
    expect(new Set(first.map((it) => it.revision)).size).toBe(1);
    expect(first[0]!.revision).toBeGreaterThanOrEqual(facts.revision + 1_000_000_000);
    for (const it of cluster.nodes.slice(0, 3)) {
      const { uid, gid, mode } = statSync(join(cluster.data, etcdData(it)));
      expect([uid, gid, mode & 0o777]).toEqual([users.etcd.uid, users.etcd.gid, 0o700]);
      expect(statSync(join(cluster.data, etcdData(it), 'member/snap/db')).uid).toBe(users.etcd.uid);
    }
    expect(started).toHaveLength(4);
    expect(existsSync(join(cluster.data, 'restore'))).toBe(false);
    await restore(restoring(bytes));
    const second = await snapshotFacts(database(0));
    expect(second.revision).toBeGreaterThanOrEqual(first[0]!.revision + 1_000_000_000);
  });

  it('of an old backup counts on what may have been written since, also where nothing of that is left', async () => {
    const bytes = await backup({ created: new Date(Date.now() - 3_600_000) });
    for (const it of cluster.nodes.slice(0, 3)) rmSync(join(cluster.data, etcdData(it)), { recursive: true });
    await restore(restoring(bytes));
    expect((await snapshotFacts(database(0))).revision).toBeGreaterThan(facts.revision + 1_000_000_000 + 360_000_000);
  });

  it('brings back the authorities, so that what they signed is valid again', async () => {
    const bytes = await backup();
    const key = readFileSync(join(pkiFolder(cluster), 'sa.key'), 'utf8');
    rmSync(pkiFolder(cluster), { recursive: true });
    await ensurePki(cluster);
    expect(readFileSync(join(pkiFolder(cluster), 'sa.key'), 'utf8')).not.toBe(key);
    await restore(restoring(bytes));
    expect(readFileSync(join(pkiFolder(cluster), 'sa.key'), 'utf8')).toBe(key);
    expect(statSync(join(pkiFolder(cluster), 'sa.key')).mode & 0o777).toBe(0o600);
  });

  it("makes members of today's control planes", async () => {
    const bytes = await backup();
    cluster = saveCluster(cluster, { ...cluster, nodes: [...cluster.nodes.slice(0, 1), ...cluster.nodes.slice(3)] });
    let journal: { parts: { path: string }[]; goneNodes: string[] } | undefined;
    const start = async () => {
      journal ??= JSON.parse(readFileSync(join(cluster.data, 'restore/journal.json'), 'utf8'));
      throw new Error('seen');
    };
    await expect(restore(restoring(bytes, { start }))).rejects.toThrow('seen');
    expect(journal!.parts.map((it) => it.path)).toEqual(['pki', etcdData(cluster.nodes[0]!)]);
    expect(journal!.goneNodes).toEqual([`${name}-2`, `${name}-3`]);
  });

  it('of a cluster that runs is refused; forced, it stops it', async () => {
    const bytes = await backup();
    const driver = driverOf(new Set([`${name}-4`]));
    await expect(restore(restoring(bytes, { driver }))).rejects.toThrow(`cluster ${name} runs`);
    isOld();
    await restore(restoring(bytes, { driver, force: true }));
    expect(stopped).toEqual([`${name}-4`]);
    expect(started).toHaveLength(4);
  });

  it.each(['backup checked', 'new data of etcd', `cluster ${name} stopped`])(
    'that fails at %j leaves all as it was',
    async (step) => {
      const driver = driverOf(new Set([`${name}-4`]));
      const bytes = await backup();
      const failing = restore(restoring(bytes, { driver, force: true, progress: new Failing(step) }));
      await expect(failing).rejects.toThrow(`failed at ${step}`);
      isOld();
    },
  );

  it('whose cluster does not come up puts back what was before, and has that run again', async () => {
    const driver = driverOf(new Set([`${name}-4`]));
    let starts = 0;
    const start = async () => {
      starts += 1;
      if (starts === 1) throw new Error('it does not come up');
      isOld();
    };
    await expect(restore(restoring(await backup(), { driver, force: true, start }))).rejects.toThrow(
      'it does not come up',
    );
    expect(starts).toBe(2);
    isOld();
  });

  it('that is interrupted puts back what was before', async () => {
    const stop = new AbortController();
    const start = async (_: unknown, signal: AbortSignal) => {
      stop.abort(new Error('interrupted'));
      signal.throwIfAborted();
    };
    await expect(restore(restoring(await backup(), { start, signal: stop.signal }))).rejects.toThrow('interrupted');
    isOld();
    expect(settleRestore(cluster)).toBe(false);
  });
});

describe('a backup that does not fit', () => {
  it.each([
    ['another name', (it: Cluster) => ({ ...it, name: 'other' }), /is of cluster other, and cannot become cluster/],
    ['other Services', (it: Cluster) => ({ ...it, serviceCidr: '10.99.0.0/16' }), /with serviceCidr 10.99.0.0\/16/],
    ['other pods', (it: Cluster) => ({ ...it, podCidr: '10.99.0.0/16' }), /with podCidr 10.99.0.0\/16/],
  ])('by %s is refused', async (_, change, message) => {
    const record = readFileSync(recordFile(cluster), 'utf8');
    writeFileSync(recordFile(cluster), JSON.stringify(change(JSON.parse(record) as Cluster)));
    const bytes = await backup({ of: (JSON.parse(readFileSync(recordFile(cluster), 'utf8')) as Cluster).name });
    writeFileSync(recordFile(cluster), record);
    await expect(restore(restoring(bytes))).rejects.toThrow(message);
    isOld();
  });

  it('since its etcd is newer, or its snapshot is damaged, is refused', async () => {
    await expect(restore(restoring(await backup({ etcd: { ...facts, version: '4.0.1' } })))).rejects.toThrow(
      'has a snapshot of etcd 4.0.1, and the etcd here is 3.5',
    );
    await expect(restore(restoring(await backup({ etcd: { ...facts, hash: 1 } })))).rejects.toThrow(
      'its snapshot is not the one it says it is',
    );
    const broken = join(folder, 'broken.db');
    const bytes = readFileSync(snapshot);
    bytes.fill(0, 0, 20_000);
    writeFileSync(broken, bytes);
    await expect(restore(restoring(await backup({ db: broken })))).rejects.toThrow('etcd cannot read its snapshot');
    isOld();
  });
});
