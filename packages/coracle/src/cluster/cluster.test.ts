import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { overlap, parseNetwork } from '../host/addresses.ts';
import { existingCluster, loadCluster, placeOf, recordFile, saveCluster } from './cluster.ts';
import { exclusively } from './lock.ts';
import { bridgeName, hostLinkName } from './names.ts';
import { resolvConf } from './node-spec.ts';
import { checkNodeCount, planCluster } from './plan.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-cluster-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a plan', () => {
  it('takes the networks that tutorials show', () => {
    expect(planCluster('dev', 1, [], [])).toEqual({
      version: 1,
      name: 'dev',
      subnet: '172.30.0.0/24',
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
      exampleApplied: false,
      nodes: [{ name: 'dev-1', address: '172.30.0.2', podCidr: '10.244.0.0/24' }],
    });
  });

  it('hides nothing the host reaches, and nothing another cluster comes back to', () => {
    const taken = ['10.96.3.0/24', '10.244.0.0/15', '172.16.0.0/12', '192.168.255.1'].map(parseNetwork);
    const first = planCluster('a', 1, taken, []);
    const second = planCluster('b', 1, taken, [first]);
    for (const plan of [first, second]) {
      for (const network of [plan.subnet, plan.podCidr, plan.serviceCidr]) {
        expect(taken.filter((it) => overlap(it, parseNetwork(network)))).toEqual([]);
      }
    }
    expect(overlap(parseNetwork(first.serviceCidr), parseNetwork(second.serviceCidr))).toBe(false);
    expect(overlap(parseNetwork(first.subnet), parseNetwork(second.subnet))).toBe(false);
    expect(second.podCidr).toBe(first.podCidr);
  });

  it('fails with what is wrong when nothing is free', () => {
    expect(() => planCluster('a', 1, [parseNetwork('0.0.0.0/1')], [])).toThrow('no network is free for Services');
  });

  it('has one node at most', () => {
    checkNodeCount(1);
    expect(() => checkNodeCount(3)).toThrow('--nodes 3: this version makes clusters of 1 node');
    expect(() => checkNodeCount(0)).toThrow('at least one');
  });
});

describe('names', () => {
  it('of links fit, and differ where clusters do', () => {
    expect(bridgeName('dev')).toBe('cor-dev');
    const long = ['a-very-long-name-of-a-cluster', 'a-very-long-name-of-another'].map(bridgeName);
    expect(long[0]).not.toBe(long[1]);
    for (const it of [...long, hostLinkName('a-very-long-name', 'a-very-long-name-1')])
      expect(it.length).toBeLessThanOrEqual(15);
  });

  it.each(['Dev', '', '-a', 'a/b', '..', 'x'.repeat(41)])('%j is refused', (name) => {
    expect(() => placeOf(name, folder)).toThrow('is no name for a cluster');
  });

  it('of folders that the kernel cannot write in mount options are refused', () => {
    expect(() => placeOf('a', '/tmp/a:b')).toThrow('may not have any of');
  });
});

describe('the record of a cluster', () => {
  it('is read as it was written', () => {
    const place = placeOf('dev', folder);
    expect(loadCluster(place)).toBeUndefined();
    expect(() => existingCluster(place)).toThrow('there is no cluster named dev');
    const saved = saveCluster(place, planCluster('dev', 1, [], []));
    expect(loadCluster(place)).toEqual(saved);
    expect(JSON.parse(readFileSync(recordFile(place), 'utf8'))).not.toHaveProperty('runtime');
  });

  it('is not taken for one when it is damaged or of another cluster', () => {
    const place = placeOf('dev', folder);
    saveCluster(place, planCluster('dev', 1, [], []));
    expect(() => loadCluster(placeOf('other', folder))).toThrow('holds another cluster, dev');
    writeFileSync(recordFile(place), '{"version":1,"name":"dev"');
    expect(() => loadCluster(place)).toThrow('is damaged');
    writeFileSync(recordFile(place), '{"version":9,"name":"dev"}');
    expect(() => loadCluster(place)).toThrow('not the record of a cluster this version knows');
  });
});

describe('the lock of a cluster', () => {
  const place = () => ({ name: 'x', data: folder, runtime: join(folder, 'run/x') });

  it('lets one process work at a time and names it', async () => {
    await exclusively(place(), 'up', async () => {
      await expect(exclusively(place(), 'down', async () => 1)).rejects.toThrow(
        `another process (${process.pid}) is busy with cluster x: coracle up`,
      );
    });
    expect(await exclusively(place(), 'down', async () => 'free again')).toBe('free again');
  });

  it('is not held by a process that is gone', async () => {
    await exclusively(place(), 'first', async () => {
      writeFileSync(join(folder, 'run/x.lock'), JSON.stringify({ pid: process.pid, startTime: '1', doing: 'up' }));
      expect(await exclusively(place(), 'second', async () => 'taken over')).toBe('taken over');
    });
  });
});

it("a node's resolv.conf has only servers a node can reach", () => {
  const host = 'nameserver 127.0.0.53\nnameserver 10.0.0.1\noptions edns0\nsearch lan\n# x\n';
  expect(resolvConf(host)).toBe('nameserver 10.0.0.1\noptions edns0\nsearch lan\n');
});
