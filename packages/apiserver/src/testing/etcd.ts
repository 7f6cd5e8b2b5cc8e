import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** An etcd of a test's own. */
export interface TestEtcd {
  url: string;
  pid: number;
  /** Ends the process, keeping its data. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Saves its content to a file. */
  save(file: string): Promise<void>;
  /** Ends it, and starts it again on the same port with the content of a file; `flags` are etcdutl's. */
  restore(file: string, ...flags: string[]): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** The etcd binary tests use: CORACLE_ETCD, or the one set-up keeps. Throws when there is none. */
export function etcdBinary(): string {
  const kept = fileURLToPath(new URL('../../../../.cache/host/bin/etcd', import.meta.url));
  const binary = process.env.CORACLE_ETCD || kept;
  if (!existsSync(binary)) {
    throw new Error(`this test needs etcd 3.5 or later at ${binary}: run \`npm start\` once, or set CORACLE_ETCD`);
  }
  return binary;
}

/**
 * Starts an etcd on random loopback ports with its data in a temporary folder. With `instead`, that one is ended first and this one,
 * empty, takes its place.
 */
export async function startEtcd(instead?: TestEtcd): Promise<TestEtcd> {
  const binary = etcdBinary();
  const folder = await mkdtemp(join(tmpdir(), 'coracle-etcd-'));
  await instead?.stop('SIGKILL');
  const [port, peerPort] = [instead ? Number(new URL(instead.url).port) : await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  let child: ChildProcess | undefined;
  let data = join(folder, 'data');
  let restores = 0;
  const tool = (name: string, ...args: string[]) => promisify(execFile)(join(dirname(binary), name), args);
  const start = async () => {
    child = spawn(
      binary,
      [
        `--data-dir=${data}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        '--unsafe-no-fsync',
        '--log-level=error',
      ],
      { stdio: 'ignore' },
    );
    for (let attempt = 0; attempt < 300; attempt++) {
      if (child.exitCode !== null) throw new Error(`etcd ended with code ${child.exitCode}`);
      const healthy = await fetch(`${url}/health`).then(
        (response) => response.ok,
        () => false,
      );
      if (healthy) return;
      await delay(100);
    }
    throw new Error(`etcd did not become healthy at ${url} within 30 s`);
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    const ending = child;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await ended;
  };
  await start();
  return {
    url,
    get pid() {
      return child!.pid!;
    },
    stop,
    start,
    save: async (file) => void (await tool('etcdctl', `--endpoints=${url}`, 'snapshot', 'save', file)),
    restore: async (file, ...flags) => {
      await stop('SIGKILL');
      data = join(folder, `data-${++restores}`);
      const member = [`--initial-cluster=default=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`];
      await tool('etcdutl', 'snapshot', 'restore', file, `--data-dir=${data}`, '--name=default', ...member, ...flags);
      await start();
    },
    close: async () => {
      await stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port nothing listens on, below those that connections get from the system: one of them would take it before its server does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 30_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
