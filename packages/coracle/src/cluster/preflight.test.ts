import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Failure } from '../failure.ts';
import { explained } from '../host/disk.ts';
import { CommandError } from '../host/run.ts';
import { type ClusterPlace, logFolder, recordFile } from './cluster.ts';
import { clearFailedStart, keepLogsOnly } from './failed-start.ts';
import { checkBeforehand, checkEmpty } from './preflight.ts';
import { type NodeWishes, nodeWishes } from './wishes.ts';

let folder: string;
let place: ClusterPlace;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-preflight-'));
  place = { name: 'dev', data: join(folder, 'data'), runtime: join(folder, 'run') };
});
afterEach(() => {
  for (const it of servers.splice(0)) it.close();
  rmSync(folder, { recursive: true, force: true });
});

const node = (more: object = {}): NodeWishes => nodeWishes.parse({ role: 'worker', ...more });

describe('before anything is changed', () => {
  it('a folder of the host that a node is to see must be there', async () => {
    const wish = node({ extraMounts: [{ hostPath: '/no/such/folder', containerPath: '/data' }] });
    await expect(checkBeforehand(place, [wish], 'host')).rejects.toThrow(
      'extraMounts: there is no /no/such/folder on this machine',
    );
  });

  it('ports of the host must be free, and asked for once', async () => {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const wish = (...ports: number[]) =>
      node({
        extraPortMappings: ports.map((it) => ({ containerPort: 80, hostPort: it, listenAddress: '127.0.0.1' })),
      });
    await expect(checkBeforehand(place, [wish(port)], 'host')).rejects.toThrow(
      `extraPortMappings: hostPort 127.0.0.1:${port} cannot be taken: another program listens on it`,
    );
    await new Promise((resolve) => server.close(resolve));
    await expect(checkBeforehand(place, [wish(port), wish(port)], 'host')).rejects.toThrow(
      `extraPortMappings: hostPort 127.0.0.1:${port} is asked for twice`,
    );
    await checkBeforehand(place, [wish(port)], 'host');
  });

  it('there must be room on the disk for all nodes', async () => {
    await expect(checkBeforehand(place, new Array(1_000_000).fill(node()), 'host')).rejects.toThrow(
      /^the disk that holds \S+ has \d+ MB left, and 1000000 node\(s\) need (4|7)00000000 MB$/,
    );
  });

  it('the folder of a new cluster must be empty', () => {
    mkdirSync(place.data);
    checkEmpty(place);
    writeFileSync(join(place.data, 'mine'), '');
    expect(() => checkEmpty(place)).toThrow(`${place.data} holds other files, and no cluster`);
  });
});

describe('a cluster that was never usable', () => {
  const files = (at: string) => readdirSync(at, { recursive: true }).map(String).sort();

  it('leaves its logs and nothing that binds the next attempt', () => {
    mkdirSync(logFolder(place, 'dev-1'), { recursive: true });
    mkdirSync(join(place.data, 'nodes/dev-1/var/lib/etcd'), { recursive: true });
    mkdirSync(join(place.data, 'pki'));
    for (const it of [
      recordFile(place),
      join(place.data, 'pki/ca.key'),
      join(logFolder(place, 'dev-1'), 'kubelet.log'),
      join(place.data, 'nodes/dev-1/console.log'),
    ]) {
      writeFileSync(it, '{}');
    }
    expect(keepLogsOnly(place)).toBe(true);
    const logs = ['nodes/dev-1/console.log', 'nodes/dev-1/var/log/coracle/kubelet.log'];
    expect(files(place.data).filter((it) => /\.\w+$/.test(it))).toEqual(['failed-start.json', ...logs]);
    checkEmpty(place);
    clearFailedStart(place);
    expect(files(place.data)).toEqual([]);
  });

  it('leaves nothing when it has no logs', () => {
    mkdirSync(place.data);
    writeFileSync(`${recordFile(place)}.new`, '');
    expect(keepLogsOnly(place)).toBe(false);
    expect(existsSync(place.data)).toBe(false);
  });

  it('is not looked for in folders of others', () => {
    mkdirSync(join(place.data, 'nodes'), { recursive: true });
    clearFailedStart(place);
    expect(files(place.data)).toEqual(['nodes']);
  });
});

describe('a full disk', () => {
  const noRoom = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

  it.each<[string, Error]>([
    ['that a write meets', noRoom],
    ['that a program meets', new CommandError(['cp', 'a', 'b'], 1, "cp: error writing 'b': No space left on device\n")],
  ])('%s is told as one', (_, error) => {
    const failure = explained(error, folder) as Failure;
    expect(failure).toBeInstanceOf(Failure);
    expect(failure.message).toMatch(new RegExp(`^the disk that holds ${folder} is full: `));
    expect(failure.next).toBe('Make room and try again.');
  });

  it('explains why something else failed, and nothing where there is room', () => {
    const failure = new Failure('etcd does not answer', { next: 'Look.' });
    expect(explained(failure, folder)).toBe(failure);
    // A file system that has no room at all.
    expect((explained(failure, '/proc') as Failure).message).toBe(
      'etcd does not answer; the disk that holds /proc is full',
    );
    const command = explained(new CommandError(['etcdctl', 'get'], 1, 'deadline exceeded'), '/proc') as Failure;
    expect(command.message).toBe('`etcdctl get` failed (1): deadline exceeded; the disk that holds /proc is full');
    const bug = new TypeError('x is undefined');
    expect(explained(bug, '/proc')).toBe(bug);
  });
});
