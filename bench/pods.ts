import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from './load/connection.ts';
import { expectOk, parallel } from './load/phases.ts';
import { end, freePort, ownServerFlags, startEtcd, startOwnServer } from './own-server.ts';
import { pause, residentMb } from './processes.ts';

const total = 100_000;
const namespaces = 50;
/** What is not needed any more has been given back by then, as far as it will be. */
const settleMs = 30_000;

/** A kube-apiserver that holds 100,000 pods of 4 KB: its memory, and how long its cold start on them takes until a list of pods is answered. */
export async function measurePods(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  const children: ChildProcess[] = [];
  const start = async (flags: readonly string[], token: string) => {
    const port = await freePort();
    const started = performance.now();
    const server = await startOwnServer(flags, port);
    children.push(server.process);
    const connection = await Connection.open({ url: `https://127.0.0.1:${port}`, token });
    const listed = await expectOk(connection.request('GET', '/api/v1/pods?limit=500'));
    return { ...server, connection, listed, listMs: Math.round(performance.now() - started) };
  };
  try {
    const etcd = await startEtcd(folder);
    children.push(etcd.process);
    const { flags, token } = await ownServerFlags(folder, etcd.port);
    const first = await start(flags, token);
    const post = (path: string, object: unknown) =>
      expectOk(first.connection.request('POST', path, JSON.stringify(object)));
    for (let i = 0; i < namespaces; i++) {
      await post('/api/v1/namespaces', { metadata: { name: namespaceOf(i) } });
      await post(`/api/v1/namespaces/${namespaceOf(i)}/serviceaccounts`, { metadata: { name: 'default' } });
    }
    const created = await parallel(total, (i) =>
      first.connection.request('POST', `/api/v1/namespaces/${namespaceOf(i)}/pods`, podOf(i)),
    );
    const one = await expectOk(first.connection.request('GET', `/api/v1/namespaces/${namespaceOf(0)}/pods/pod-0`));
    await pause(settleMs);
    const rssMb = { afterCreates: residentMb(first.process.pid!), afterColdStart: 0 };
    first.connection.close();
    await end(first.process);

    const second = await start(flags, token);
    const { items, metadata } = JSON.parse(second.listed.body.toString()) as {
      items: unknown[];
      metadata: { remainingItemCount?: number };
    };
    const found = items.length + (metadata.remainingItemCount ?? 0);
    if (found !== total) throw new Error(`${found} of ${total} pods are there after a restart`);
    await pause(settleMs);
    rssMb.afterColdStart = residentMb(second.process.pid!);
    second.connection.close();
    return {
      objects: total,
      bytesEach: one.body.length,
      create: created,
      rssMb,
      coldStart: { readyMs: second.readyMs, firstListMs: second.listMs },
      targets: { rssMb: 1024, coldStartMs: 10_000 },
    };
  } finally {
    for (const child of children.reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

const namespaceOf = (number: number): string => `bench-${number % namespaces}`;

/** Pod `number`, some 4 KB as it is served once its defaults and managed fields are in. */
function podOf(number: number): string {
  const container = (name: string) => ({
    name,
    image: `registry.example.com/team/${name}:v1.${number % 10}`,
    args: ['--listen=:8080', '--log-level=info', `--shard=${number}`],
    ports: [{ containerPort: 8080, name: 'http' }],
    env: Array.from({ length: 6 }, (_, i) => ({ name: `SETTING_${i}`, value: `value ${i} of ${number}` })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 },
  });
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${number}`,
      labels: { app: `app-${number % 100}`, 'pod-template-hash': String(number % 1000), tier: 'backend' },
      annotations: { 'example.com/checksum': createHash('sha256').update(String(number)).digest('hex') },
    },
    spec: {
      containers: [container('server')],
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      volumes: [{ name: 'settings', configMap: { name: `settings-${number % 100}` } }],
    },
  });
}
