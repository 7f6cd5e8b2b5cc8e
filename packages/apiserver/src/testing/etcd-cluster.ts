import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { etcdBinary, freePort } from './etcd.ts';

/** One member of a test's etcd cluster. */
export interface TestMember {
  readonly name: string;
  readonly url: string;
  /** Ends the process, keeping its data. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again. Does not wait for it: without the others it cannot serve. */
  start(): void;
  /** Stops the process where it is (SIGSTOP), and lets it go on. */
  pause(): void;
  resume(): void;
  /** Whether it serves, and has a leader. */
  healthy(): Promise<boolean>;
  /** Whether it is the leader. */
  leads(): Promise<boolean>;
}

export interface TestEtcdCluster {
  readonly members: readonly TestMember[];
  readonly urls: string[];
  leader(): Promise<TestMember>;
  /** Waits until all members serve. */
  healthy(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an etcd cluster on random loopback ports, its data in a temporary folder. */
export async function startEtcdCluster(size = 3): Promise<TestEtcdCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'coracle-etcd-'));
  const places = [];
  for (let i = 0; i < size; i++) {
    const [port, peerPort] = [await freePort(), await freePort()];
    places.push({ name: `m${i}`, url: `http://127.0.0.1:${port}`, peerUrl: `http://127.0.0.1:${peerPort}` });
  }
  const initialCluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const members = places.map((place) => memberOf(place, join(folder, place.name), initialCluster));
  for (const member of members) member.start();
  const healthy = async () => {
    for (let attempt = 0; attempt < 600; attempt++) {
      if ((await Promise.all(members.map((member) => member.healthy()))).every(Boolean)) return;
      await delay(50);
    }
    throw new Error('the etcd cluster did not become healthy within 30 s');
  };
  await healthy();
  return {
    members,
    urls: members.map(({ url }) => url),
    healthy,
    async leader() {
      for (let attempt = 0; attempt < 600; attempt++) {
        const leading = await Promise.all(members.map((member) => member.leads()));
        const at = leading.indexOf(true);
        if (at >= 0) return members[at]!;
        await delay(50);
      }
      throw new Error('the etcd cluster has no leader');
    },
    async close() {
      for (const member of members) await member.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function memberOf(
  { name, url, peerUrl }: { name: string; url: string; peerUrl: string },
  data: string,
  initialCluster: string,
): TestMember {
  let child: ChildProcess | undefined;
  const ask = async (path: string, method: string): Promise<Record<string, unknown>> => {
    const body = method === 'POST' ? { body: '{}' } : {};
    const answer = await fetch(`${url}${path}`, { method, ...body, signal: AbortSignal.timeout(2_000) });
    return (await answer.json()) as Record<string, unknown>;
  };
  return {
    name,
    url,
    start() {
      child = spawn(
        etcdBinary(),
        [
          `--name=${name}`,
          `--data-dir=${data}`,
          `--listen-client-urls=${url}`,
          `--advertise-client-urls=${url}`,
          `--listen-peer-urls=${peerUrl}`,
          `--initial-advertise-peer-urls=${peerUrl}`,
          `--initial-cluster=${initialCluster}`,
          '--heartbeat-interval=50',
          '--election-timeout=500',
          '--unsafe-no-fsync',
          '--log-level=error',
        ],
        { stdio: 'ignore' },
      );
    },
    async stop(signal = 'SIGTERM') {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child!.once('exit', resolve));
      child.kill('SIGCONT');
      child.kill(signal);
      await ended;
    },
    pause: () => void child!.kill('SIGSTOP'),
    resume: () => void child!.kill('SIGCONT'),
    healthy: () =>
      ask('/health', 'GET').then(
        ({ health }) => health === 'true',
        () => false,
      ),
    leads: () =>
      ask('/v3/maintenance/status', 'POST').then(
        ({ leader, header }) => leader === (header as { member_id: string }).member_id,
        () => false,
      ),
  };
}
