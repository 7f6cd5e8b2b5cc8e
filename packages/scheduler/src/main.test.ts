import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lease as leaseKind } from '@coracle/api/coordination/v1/lease';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { parseTime } from '@coracle/api/meta/time';
import type { TestServer } from '@coracle/apiserver/testing';
import { startApiServer } from '@coracle/apiserver/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from './testing/eventually.ts';
import { makeNode, makePod } from './testing/objects.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

/** A way to the API server that can be closed and opened again at the same address. */
class Gate {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  constructor(target: number) {
    this.#target = target;
  }

  async open(): Promise<void> {
    this.#server = createServer((near) => {
      const far = dial(this.#target, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => this.#sockets.delete(one));
      }
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async shut(): Promise<void> {
    const closed = once(this.#server!, 'close');
    this.#server!.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

let server: TestServer;
let gate: Gate;
let folder: string;
let programs: ChildProcess[];

beforeEach(async () => {
  server = await startApiServer();
  gate = new Gate(Number(new URL(server.url).port));
  await gate.open();
  folder = mkdtempSync(join(tmpdir(), 'kube-scheduler-'));
  programs = [];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${gate.port}` } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }],
    'current-context': 'c',
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
});

afterEach(async () => {
  await Promise.all(programs.map(end));
  await gate.shut();
  server.client.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

function start(...flags: string[]): ChildProcess {
  const argv = [main, '--kubeconfig', join(folder, 'kubeconfig'), '--secure-port=0', ...flags];
  const program = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  program.stderr!.resume();
  programs.push(program);
  return program;
}

async function end(program: ChildProcess): Promise<unknown[]> {
  if (program.exitCode !== null) return [program.exitCode, null];
  const ended = once(program, 'exit');
  program.kill('SIGTERM');
  program.kill('SIGCONT'); // where a test has stopped it
  return ended;
}

async function addPod(name: string): Promise<void> {
  const pod = makePod({ name });
  delete pod.metadata.uid;
  await server.client.create(podKind, pod);
}

const isPlaced = (name: string) =>
  eventually(`${name} to be placed`, async () => (await server.client.get(podKind, name, 'default')).spec.nodeName);

const holder = () =>
  eventually('somebody to lead', async () => {
    const { spec } = await server.client.get(leaseKind, 'kube-scheduler', 'kube-system');
    return spec?.holderIdentity;
  });

describe('the program kube-scheduler', () => {
  it('leads, schedules, and gives the lease up when it is ended', async () => {
    await server.client.create(nodeKind, makeNode('n1'));
    const first = start();
    const leader = await holder();
    await addPod('p');
    await isPlaced('p');
    expect(await end(first)).toEqual([0, null]);
    const released = await server.client.get(leaseKind, 'kube-scheduler', 'kube-system');
    expect(released.spec?.holderIdentity ?? '').toBe('');

    start();
    expect(await holder()).not.toBe(leader);
    await addPod('q');
    await isPlaced('q');
  });

  it('places nothing with a leadership that ended while the process was stopped, and ends', async () => {
    await server.client.create(nodeKind, makeNode('n1'));
    const program = start(
      '--leader-elect-lease-duration=3s',
      '--leader-elect-renew-deadline=2s',
      '--leader-elect-retry-period=500ms',
    );
    await addPod('p');
    await isPlaced('p');
    program.kill('SIGSTOP');
    await eventually('its time to renew to be over', async () => {
      const { spec } = await server.client.get(leaseKind, 'kube-scheduler', 'kube-system');
      return Date.now() - parseTime(spec!.renewTime!) > 2_000 || undefined;
    });
    await addPod('q');
    const ended = once(program, 'exit');
    program.kill('SIGCONT');
    expect(await ended).toEqual([1, null]);
    expect((await server.client.get(podKind, 'q', 'default')).spec.nodeName).toBeUndefined();
  });

  it('goes on after the API server was away', async () => {
    await server.client.create(nodeKind, makeNode('n1'));
    start('--leader-elect=false');
    await addPod('before');
    await isPlaced('before');
    await gate.shut();
    await addPod('meanwhile');
    await gate.open();
    await isPlaced('meanwhile');
    await addPod('after');
    await isPlaced('after');
  });

  it('waits for the API server to come', async () => {
    await server.client.create(nodeKind, makeNode('n1'));
    await gate.shut();
    const program = start('--leader-elect=false');
    await once(program.stderr!, 'data');
    await gate.open();
    await addPod('p');
    await isPlaced('p');
  });

  it('refuses a configuration it does not support, naming the field', async () => {
    const path = join(folder, 'config.yaml');
    const text = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nextenders: []\n';
    writeFileSync(path, text);
    const program = start('--config', path);
    let complaint = '';
    program.stderr!.on('data', (chunk) => {
      complaint += chunk;
    });
    expect(await once(program, 'close')).toEqual([1, null]);
    expect(complaint).toContain(
      `failed to load config file "${path}": strict decoding error: unknown field "extenders"`,
    );
  });
});
