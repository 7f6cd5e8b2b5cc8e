import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { askNode, reloadNode } from '../cluster/node-status.ts';
import { serveControl } from './control.ts';
import { openLog } from './log-file.ts';
import { podProcesses } from './pods.ts';
import type { NodeSettings, ServiceSettings, ServiceStatus } from './settings.ts';
import { Supervisor } from './supervisor.ts';

let folder: string;
const supervisors: Supervisor[] = [];
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-node-'));
});
afterEach(async () => {
  await Promise.all(supervisors.splice(0).map((it) => it.stop(async () => {})));
  for (const it of servers.splice(0)) it.close();
  rmSync(folder, { recursive: true, force: true });
});

const service = (name: string, script: string, more: Partial<ServiceSettings> = {}): ServiceSettings => ({
  name,
  command: ['sh', '-c', script],
  after: [],
  folders: [],
  stopRank: 1,
  ...more,
});

function supervise(...services: ServiceSettings[]): Supervisor {
  const settings: NodeSettings = {
    node: 'n',
    socket: join(folder, 's'),
    logs: folder,
    checkout: '/',
    services,
  };
  const supervisor = new Supervisor(settings);
  supervisors.push(supervisor);
  supervisor.start();
  return supervisor;
}

async function eventually(
  supervisor: Supervisor,
  name: string,
  holds: (status: ServiceStatus) => boolean,
): Promise<ServiceStatus> {
  for (let tries = 0; ; tries++) {
    const status = supervisor.status.services.find((it) => it.name === name)!;
    if (holds(status)) return status;
    if (tries > 1000) throw new Error(`last seen: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const log = (name: string) => readFileSync(join(folder, `${name}.log`), 'utf8');

it('a full disk costs lines of a log, and nothing else', () => {
  const full = openLog('/dev/full');
  expect(() => full.note('cannot be written')).not.toThrow();
  full.close();
});

describe('the supervisor', () => {
  it('starts a service only when what it needs answers', async () => {
    const socket = join(folder, 'first.sock');
    const supervisor = supervise(
      service('second', 'echo started; exec sleep 60', { after: ['first'] }),
      service('first', 'exec sleep 60', { probe: { unix: socket } }),
    );
    await eventually(supervisor, 'first', (it) => it.state === 'starting' && it.pid !== undefined);
    expect(supervisor.status.services[0]).toMatchObject({ name: 'second', state: 'waiting', pid: undefined });
    servers.push(createServer((it) => it.end()).listen(socket));
    await eventually(supervisor, 'second', (it) => it.state === 'running');
  });

  it('restarts what ends, says how it ended, and writes its output to its own log', async () => {
    const supervisor = supervise(service('flaky', 'echo out; echo err >&2; exit 3'));
    const status = await eventually(supervisor, 'flaky', (it) => it.restarts >= 2);
    expect(status.lastEnd).toBe('exit code 3');
    expect(log('flaky')).toMatch(
      /^out\nerr\n\S+ \[supervisor\] ended with exit code 3; starts again in 0.1 s\nout\nerr\n/,
    );
    expect(log('flaky')).toContain('starts again in 0.2 s');
  });

  it('says so when a program is not there, and tries again', async () => {
    const supervisor = supervise(service('absent', '', { command: ['/no/such/program'] }));
    await eventually(supervisor, 'absent', (it) => it.restarts >= 1);
    expect(log('absent')).toContain('ENOENT');
  });

  it('tries again when the folder of a service cannot be made', async () => {
    const path = join(folder, 'in-the-way');
    writeFileSync(path, '');
    const folders = [{ path: join(path, 'data'), mode: 0o700 }];
    const supervisor = supervise(service('homeless', 'exec sleep 60', { folders }));
    const status = await eventually(supervisor, 'homeless', (it) => it.restarts >= 1);
    expect(status.lastEnd).toContain('ENOTDIR');
    rmSync(path);
    await eventually(supervisor, 'homeless', (it) => it.state === 'running');
  });

  it('stops in order of rank, and restarts nothing meanwhile', async () => {
    const order = join(folder, 'order');
    const noting = (name: string, rank: number) =>
      service(name, `trap 'echo ${name} >> ${order}; exit 0' TERM; echo up; while :; do sleep 0.05; done`, {
        stopRank: rank,
      });
    const supervisor = supervise(noting('store', 1), noting('api', 2), noting('agent', 3));
    for (const name of ['store', 'api', 'agent']) {
      await eventually(supervisor, name, () => log(name).includes('up'));
    }
    const ranks: number[] = [];
    await supervisor.stop(async (rank) => {
      ranks.push(rank);
    });
    expect(readFileSync(order, 'utf8')).toBe('agent\napi\nstore\n');
    expect(ranks).toEqual([3, 2, 1]);
    expect(supervisor.status.services.map((it) => it.state)).toEqual(['stopped', 'stopped', 'stopped']);
    supervisors.pop();
  });

  it('takes other settings: what changed is started anew, what is new is started, what is gone is stopped', async () => {
    const supervisor = supervise(
      service('same', 'exec sleep 60'),
      service('other', 'exec sleep 60'),
      service('old', 'exec sleep 60'),
    );
    const same = await eventually(supervisor, 'same', (it) => it.state === 'running');
    const other = await eventually(supervisor, 'other', (it) => it.state === 'running');
    const next = [
      service('same', 'exec sleep 60'),
      service('other', 'exec sleep 60', { version: '2' }),
      service('new', 'exec sleep 60', { after: ['same', 'other'] }),
    ];
    const settings = { node: 'n', socket: '', logs: folder, checkout: '/', services: next };
    supervisor.reload(settings);
    await eventually(supervisor, 'other', (it) => it?.state === 'running' && it.pid !== other.pid);
    await eventually(supervisor, 'new', (it) => it?.state === 'running');
    expect(supervisor.status.services.map((it) => it.name)).toEqual(['same', 'other', 'new']);
    expect(await eventually(supervisor, 'same', () => true)).toEqual(same);
    expect(() => supervisor.reload({ ...settings, services: [service('a', '', { after: ['b'] })] })).toThrow(
      'wait for',
    );
  });

  it('refuses services that wait for each other', () => {
    expect(() => supervise(service('a', '', { after: ['b'] }), service('b', '', { after: ['a'] }))).toThrow(
      'wait for each other',
    );
    expect(() => supervise(service('a', '', { after: ['missing'] }))).toThrow(
      'wait for each other or for one that is missing: a',
    );
  });
});

it('the control socket tells the state, also after a supervisor that was killed', async () => {
  const socket = join(folder, 'node.sock');
  writeFileSync(socket, '');
  const status = () => ({ node: 'n', state: 'running', services: [] });
  const reload = () => {
    throw new Error('no such file');
  };
  servers.push(serveControl(socket, { status, reload }));
  expect(await askNode(socket)).toEqual({ node: 'n', state: 'running', services: [] });
  expect(await askNode(join(folder, 'nobody.sock'))).toBeUndefined();
  await expect(reloadNode(socket, 'n')).rejects.toThrow('node n cannot take its new settings: no such file');
  await expect(reloadNode(join(folder, 'nobody.sock'), 'n')).rejects.toThrow('does not answer');
});

it('a log that grows too large is moved aside, and its writer goes on in the new one', () => {
  const file = openLog(join(folder, 'x.log'), 100);
  writeSync(file.descriptor, 'a'.repeat(80));
  file.rotate();
  expect(log('x')).toHaveLength(80);
  writeSync(file.descriptor, 'b'.repeat(80));
  file.rotate();
  writeSync(file.descriptor, 'after\n');
  file.close();
  expect(readFileSync(join(folder, 'x.log.1'), 'utf8')).toBe('a'.repeat(80) + 'b'.repeat(80));
  expect(log('x')).toBe('after\n');
});

it('processes of pods are told by their control group', () => {
  const groups = {
    1: '5:memory:/',
    12: '5:memory:/kubepods/burstable/podx/c\n1:cpu:/x',
    13: '0::/coracle',
    self: '5:memory:/kubepods',
  };
  for (const [pid, text] of Object.entries(groups)) {
    mkdirSync(join(folder, pid));
    writeFileSync(join(folder, pid, 'cgroup'), text);
  }
  expect(podProcesses(folder)).toEqual([12]);
});
