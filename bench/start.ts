import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, freePort, ownServerFlags, startEtcd, startOwnServer } from './own-server.ts';
import { median, pause, residentMb } from './processes.ts';

const runs = 7;

/** kube-apiserver alone against a fresh etcd: exec to /readyz with a warm compile cache, and memory once it is idle. */
export async function measureStart(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  const children: ChildProcess[] = [];
  try {
    const etcd = await startEtcd(folder);
    children.push(etcd.process);
    const { flags } = await ownServerFlags(folder, etcd.port);
    const times: number[] = [];
    let idle = 0;
    for (let run = 0; run <= runs; run++) {
      const server = await startOwnServer(flags, await freePort());
      children.push(server.process);
      // The first run fills the compile cache and creates the system objects.
      if (run > 0) times.push(server.readyMs);
      if (run === runs) {
        await pause(10_000);
        idle = residentMb(server.process.pid!);
      }
      await end(server.process);
    }
    return {
      'kube-apiserver': {
        readyMs: { median: median(times), all: times },
        idleRssMb: idle,
        targets: { readyMs: 1000, idleRssMb: 180 },
      },
    };
  } finally {
    for (const child of children.reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  }
}
