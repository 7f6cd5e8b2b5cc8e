import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startBackend, type TestBackend } from '../balancer/testing/backends.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { plainWishes, planCluster } from '../cluster/plan.ts';
import { Failure } from '../failure.ts';
import { forwardings } from './plan.ts';
import { ensureForwarding, forwarderLog, forwarderOf, stopForwarding } from './process.ts';

let folder: string;
const backends: TestBackend[] = [];
const clusters: Cluster[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-forwarding-'));
});
afterEach(async () => {
  for (const it of clusters.splice(0)) await stopForwarding(it);
  await Promise.all(backends.splice(0).map((it) => it.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function backend(name: string): Promise<number> {
  const made = await startBackend(name);
  backends.push(made);
  return Number(made.address.split(':')[1]);
}

/** A port of the loopback address that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A cluster whose only node is this machine, with these ports mapped (host to node). */
function cluster(ports: Record<number, number> = {}, name = 'dev'): Cluster {
  const record = planCluster(name, plainWishes(1, 1), [], []);
  const extraPortMappings = Object.entries(ports).map(([hostPort, containerPort]) => ({
    hostPort: Number(hostPort),
    containerPort,
    listenAddress: '127.0.0.1',
    protocol: 'TCP' as const,
  }));
  const [node] = record.nodes;
  const made = {
    ...record,
    nodes: [{ ...node!, address: '127.0.0.1', extraPortMappings }],
    data: join(folder, name),
    runtime: join(folder, 'run', name),
  };
  clusters.push(made);
  return made;
}

/** The name of the backend that answers at a port; the reason when nobody does. */
function answering(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (chunk) => {
      resolve(chunk.toString().trim());
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('closed'));
  });
}

async function until(port: number, answer: string): Promise<void> {
  for (const limit = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const last = await answering(port);
    if (last === answer) return;
    if (Date.now() > limit) throw new Error(`port ${port} answers ${last} and not ${answer}`);
  }
}

describe('what a cluster has this machine forward', () => {
  it('is the ports of its nodes, and the API only where there are several servers', () => {
    expect(forwardings(cluster({ 8080: 30080 }))).toEqual([
      { listen: '127.0.0.1:8080', backends: ['127.0.0.1:30080'] },
    ]);
    const several: Cluster = { ...planCluster('ha', plainWishes(3, 2), [], []), data: folder, runtime: folder };
    mkdirSync(join(folder, 'pki'));
    writeFileSync(join(folder, 'pki/ca.crt'), 'PEM');
    expect(forwardings(several)).toEqual([
      { listen: '172.30.0.1:6443', backends: ['172.30.0.2:443', '172.30.0.3:443'], authority: 'PEM' },
    ]);
  });
});

describe('the process that forwards', () => {
  it('is started once, and found again by whoever looks', async () => {
    const port = await freePort();
    const one = cluster({ [port]: await backend('one') });
    expect(forwarderOf(one)).toBeUndefined();
    await ensureForwarding(one);
    expect(await answering(port)).toBe('one');
    const pid = forwarderOf(one);
    expect(pid).toBeDefined();
    expect(statSync(join(one.runtime, 'forwarding.json')).mode & 0o777).toBe(0o600);
    await ensureForwarding(one);
    expect(forwarderOf(one)).toBe(pid);
    expect(forwarderOf(cluster({}, 'other'))).toBeUndefined();
  });

  it('follows what the cluster wants, and keeps connections that go on', async () => {
    const [first, second] = [await freePort(), await freePort()];
    const [a, b] = [await backend('a'), await backend('b')];
    await ensureForwarding(cluster({ [first]: a }));
    const open = connect(first, '127.0.0.1');
    await new Promise((resolve) => open.once('data', resolve));
    const pid = forwarderOf(clusters[0]!);
    await ensureForwarding(cluster({ [first]: a, [second]: b }));
    await until(second, 'b');
    const echoed = new Promise<string>((resolve) => open.once('data', (chunk) => resolve(chunk.toString())));
    open.write('still here');
    expect(await echoed).toBe('still here');
    open.destroy();
    await ensureForwarding(cluster({ [second]: a }));
    await until(first, 'ECONNREFUSED');
    await until(second, 'a');
    expect(forwarderOf(clusters[0]!)).toBe(pid);
  });

  it('is ended when there is nothing to forward, and leaves nothing', async () => {
    const port = await freePort();
    const wanted = cluster({ [port]: await backend('a') });
    await ensureForwarding(wanted);
    await ensureForwarding(cluster({}));
    expect(forwarderOf(wanted)).toBeUndefined();
    expect(await answering(port)).toBe('ECONNREFUSED');
    expect(existsSync(forwarderLog(wanted))).toBe(false);
    await stopForwarding(wanted);
  });

  it('that was killed is started again', async () => {
    const port = await freePort();
    const wanted = cluster({ [port]: await backend('a') });
    await ensureForwarding(wanted);
    process.kill(forwarderOf(wanted)!, 'SIGKILL');
    await until(port, 'ECONNREFUSED');
    await ensureForwarding(wanted);
    expect(await answering(port)).toBe('a');
  });

  it('fails with its log when a port is taken', async () => {
    const port = await backend('somebody else');
    const wanted = cluster({ [port]: await backend('a') });
    const failure = await ensureForwarding(wanted).then(
      () => undefined,
      (error: unknown) => error as Failure,
    );
    expect(failure).toBeInstanceOf(Failure);
    expect(failure!.message).toBe('the ports of this machine that the cluster wants cannot be forwarded');
    expect(failure!.lastLines.join('\n')).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
    expect(readFileSync(failure!.log!, 'utf8')).toContain('EADDRINUSE');
    expect(forwarderOf(wanted)).toBeUndefined();
    expect(await answering(port)).toBe('somebody else');
  });
});
