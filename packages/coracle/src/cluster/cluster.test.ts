import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { overlap, parseNetwork } from '../host/addresses.ts';
import { existingCluster, loadCluster, placeOf, recordFile, saveCluster } from './cluster.ts';
import { exclusively } from './lock.ts';
import { bridgeName, hostLinkName } from './names.ts';
import { networkOf, resolvConf } from './node-spec.ts';
import { plainWishes, planCluster, planNode } from './plan.ts';
import { nodeWishes } from './wishes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-cluster-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a plan', () => {
  it('takes the networks that tutorials show', () => {
    expect(planCluster('dev', plainWishes(1, 1), [], [])).toEqual({
      version: 2,
      name: 'dev',
      rootfs: 'host',
      subnet: '172.30.0.0/24',
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
      overlay: { backend: 'vxlan', subnetSource: 'etcd' },
      components: { flags: {}, kubelet: {} },
      apiServer: { certSANs: [] },
      exampleApplied: false,
      nextNode: 2,
      nodes: [
        {
          name: 'dev-1',
          role: 'control-plane',
          etcd: { state: 'new', initialCluster: 'dev-1=https://172.30.0.2:2380' },
          address: '172.30.0.2',
          labels: {},
          taints: [],
          extraMounts: [],
          extraPortMappings: [],
        },
      ],
    });
  });

  it('hides nothing the host reaches, and nothing another cluster comes back to', () => {
    const taken = ['10.96.3.0/24', '10.244.0.0/15', '172.16.0.0/12', '192.168.255.1'].map(parseNetwork);
    const first = planCluster('a', plainWishes(1, 1), taken, []);
    const second = planCluster('b', plainWishes(1, 1), taken, [first]);
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
    expect(() => planCluster('a', plainWishes(1, 1), [parseNetwork('0.0.0.0/1')], [])).toThrow(
      'no network is free for Services',
    );
  });

  it('has control planes first, then workers, and never gives a number twice', () => {
    const plan = planCluster('dev', plainWishes(3, 1), [], []);
    expect(plan.nodes.map((it) => [it.name, it.role, it.etcd?.state, it.address])).toEqual([
      ['dev-1', 'control-plane', 'new', '172.30.0.2'],
      ['dev-2', 'worker', undefined, '172.30.0.3'],
      ['dev-3', 'worker', undefined, '172.30.0.4'],
    ]);
    const less = { ...plan, nodes: plan.nodes.slice(0, 2) };
    expect(planNode(less, nodeWishes.parse({ role: 'worker' })).node.name).toBe('dev-4');
    expect(planNode(less, nodeWishes.parse({ role: 'control-plane' })).node.etcd).toEqual({
      state: 'existing',
      initialCluster: 'dev-1=https://172.30.0.2:2380,dev-4=https://172.30.0.5:2380',
    });
  });

  it.each([
    [0, 1, '--nodes 0: a cluster has at least one node'],
    [101, 1, '--nodes 101: a cluster on one machine has at most 100 nodes'],
    [1, 0, '--control-planes 0: a cluster has at least one'],
    [2, 3, '--control-planes 3: that is more than --nodes 2'],
  ])('of %d nodes with %d control planes is refused', (nodes, planes, message) => {
    expect(() => plainWishes(nodes, planes)).toThrow(message);
  });

  it('takes the networks a user names, unless they overlap', () => {
    const wishes = { ...plainWishes(1, 1), podSubnet: '10.1.0.0/16', nodeSubnet: '10.2.3.4/24' };
    expect(planCluster('dev', wishes, [], [])).toMatchObject({ podCidr: '10.1.0.0/16', subnet: '10.2.3.0/24' });
    const plan = (more: object, taken: string[] = []) =>
      planCluster('dev', { ...wishes, ...more }, taken.map(parseNetwork), []);
    expect(() => plan({ serviceSubnet: '10.1.128.0/17' })).toThrow(
      'serviceSubnet 10.1.128.0/17 overlaps podSubnet 10.1.0.0/16',
    );
    expect(() => plan({}, ['10.0.0.0/8'])).toThrow(
      'nodeSubnet 10.2.3.4/24 overlaps 10.0.0.0/8, which this machine or another cluster uses',
    );
    expect(() => plan({ nodeSubnet: '10.2.3.0/30' })).toThrow('nodeSubnet 10.2.3.0/30 is too small');
    expect(() => plan({ podSubnet: '10.1.0.0/25' })).toThrow('podSubnet 10.1.0.0/25 is too small');
  });

  it.each([
    ['etcd', 3],
    ['kubernetes', 4],
  ] as const)('has no more nodes than its pods have subnets, with those of %s', (subnetSource, most) => {
    const plan = (nodes: number) => {
      const wishes = plainWishes(nodes, 1);
      const overlay = { ...wishes.overlay, subnetSource };
      return planCluster('dev', { ...wishes, overlay, podSubnet: '10.1.0.0/24' }, [], []);
    };
    const message = `the network of the pods, 10.1.0.0/24, has subnets for ${most} nodes and none for another`;
    expect(() => plan(most + 1)).toThrow(message);
    expect(() => planNode(plan(most), nodeWishes.parse({ role: 'worker' }))).toThrow(message);
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
    const saved = saveCluster(place, planCluster('dev', plainWishes(1, 1), [], []));
    expect(loadCluster(place)).toEqual(saved);
    expect(JSON.parse(readFileSync(recordFile(place), 'utf8'))).not.toHaveProperty('runtime');
  });

  it('is not taken for one when it is damaged or of another cluster', () => {
    const place = placeOf('dev', folder);
    saveCluster(place, planCluster('dev', plainWishes(1, 1), [], []));
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

it('the network of a cluster of Debian nodes is known before their root is built', () => {
  const planned = planCluster('dev', plainWishes(2, 1, 'debian'), [], []);
  expect(networkOf(planned, planned.nodes[0]!)).toEqual({
    bridge: bridgeName('dev'),
    gateway: '172.30.0.1',
    prefixLength: 24,
    serviceCidr: '10.96.0.0/16',
    serviceGateway: '172.30.0.2',
  });
});

it("a node's resolv.conf has only servers a node can reach", () => {
  const host = 'nameserver 127.0.0.53\nnameserver 10.0.0.1\noptions edns0\nsearch lan\n# x\n';
  expect(resolvConf(host)).toBe('nameserver 10.0.0.1\noptions edns0\nsearch lan\n');
});
