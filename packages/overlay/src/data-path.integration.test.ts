import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { device, EtcdLan, keyOf, prefix, routes } from './testing/etcd-lan.ts';
import { eventually, ping, type TestNode } from './testing/nodes.ts';

let lan: EtcdLan;
beforeAll(async () => {
  lan = await EtcdLan.make();
});
afterAll(() => lan?.close());
beforeEach(() => lan.open());
afterEach(() => lan.clear());

/** What of the overlay a machine holds. */
const traces = async ({ inside }: TestNode) =>
  [
    await inside.run('ip', '-oneline', 'link', 'show'),
    await inside.run('ip', '-oneline', '-4', 'addr', 'show'),
    await inside.run('ip', 'route', 'show'),
    await inside.run('nft', 'list', 'ruleset'),
  ].join('\n');

describe('with VXLAN', () => {
  it("pods of three nodes reach each other, and none loses a pod's first packet", async () => {
    await lan.configure();
    const nodes = await lan.running(3);
    expect(new Set(nodes.map((each) => each.subnet())).size).toBe(3);
    const pods = await Promise.all(nodes.map((each) => each.pod()));
    for (const from of pods) {
      for (const to of pods) expect(await ping(from.inside, to.ip)).toBe(1);
    }
    expect(await ping(nodes[0]!.inside, pods[1]!.ip)).toBe(1);
    // The largest packet that fits, and that fragments when it is larger.
    expect(await ping(pods[0]!.inside, pods[1]!.ip, 1, '-s', '1422')).toBe(1);
    expect(await pods[0]!.inside.run('ip', 'link', 'show', 'eth0')).toContain('mtu 1450');
  });

  it('each node tells of itself in the form of flannel, under a lease', async () => {
    await lan.configure();
    const [node] = await lan.running(1);
    const { kvs } = await lan.client.range({ key: Buffer.from(keyOf(node!.subnet()!)) });
    const mac = /link\/ether (\S+)/.exec(await device(node!))![1];
    expect(JSON.parse(kvs[0]!.value.toString())).toEqual({
      PublicIP: '10.99.0.1',
      PublicIPv6: null,
      BackendType: 'vxlan',
      BackendData: { VNI: 1, VtepMAC: mac },
    });
    expect((await lan.timeToLive(kvs[0]!.lease)).granted).toBe(86_400);
    const subnet = node!.subnet()!;
    expect(readFileSync(node!.subnetFile, 'utf8')).toBe(
      `FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=${subnet.replace('0/24', '1/24')}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n`,
    );
    expect(await node!.get('/healthz')).toEqual({ status: 200, body: 'ok' });
    expect((await node!.get('/metrics')).body).toContain('overlay_peers{reachable="true"} 0');
  });

  it('a node that joins is known to the others when its pods start, and one that leaves is forgotten', async () => {
    await lan.configure();
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const pod = await a.pod();
    const c = await lan.node(3);
    c.start();
    await c.standing();
    const joined = await c.pod();
    expect(await ping(joined.inside, pod.ip)).toBe(1);
    const subnet = c.subnet()!;
    const vtep = subnet.replace('/24', '');
    expect(await routes(b)).toContain(`${subnet} via ${vtep} dev coracle.1 proto 144 onlink`);

    await c.stop();
    await lan.delete(keyOf(subnet));
    await eventually('the others forget the node', async () => {
      const seen = await Promise.all([a, b].map(routes));
      return seen.every((each) => !each.includes(subnet));
    });
    expect(await a.inside.run('ip', 'neigh', 'show', 'nud', 'permanent')).not.toContain(vtep);
    expect(await a.inside.run('bridge', 'fdb', 'show', 'dev', 'coracle.1')).not.toContain('10.99.0.3');
  });

  it('waits for the configuration, and says so', async () => {
    const node = await lan.node(1);
    node.start();
    await node.logs('Waiting for the network configuration in etcd');
    expect(await node.get('/healthz')).toEqual({ status: 503, body: 'waiting for the network configuration\n' });
    expect(existsSync(node.conflist)).toBe(false);
    expect(await node.stop()).toBe(0);
    node.start();
    await node.logs('Waiting for the network configuration in etcd');
    await lan.configure();
    await node.standing();
  });

  it('a restart interrupts nothing and keeps the subnet and the device', async () => {
    await lan.configure();
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const [from, to] = [await a.pod(), await b.pod()];
    const [subnet, before, conflist] = [a.subnet(), await device(a), readFileSync(a.conflist)];
    const answered = ping(from.inside, to.ip, 15);
    expect(await a.stop()).toBe(0);
    a.start();
    expect(await a.standing()).toBe(subnet);
    expect(await answered).toBe(15);
    expect(await device(a)).toBe(before);
    expect(readFileSync(a.conflist)).toEqual(conflist);
    await a.stop('SIGKILL');
    a.start();
    expect(await a.standing()).toBe(subnet);
    expect(await device(a)).toBe(before);
    expect(Object.keys(await lan.leases())).toHaveLength(2);
  });

  it('after a boot no pod starts before the network stands, which gets the same subnet and MAC', async () => {
    await lan.configure();
    const [node] = (await lan.running(1)) as [TestNode];
    const subnet = node.subnet();
    const mac = /link\/ether (\S+)/.exec(await device(node))![1];
    await node.stop();
    await node.inside.ip('link del coracle.1');
    await node.inside.run('nft', 'flush', 'ruleset');
    await lan.delete(`${prefix}/config`);
    node.start();
    await node.logs('Waiting for the network configuration in etcd');
    expect(existsSync(node.conflist)).toBe(false);
    await lan.configure();
    expect(await node.standing()).toBe(subnet);
    expect(await device(node)).toContain(mac);
  });

  it('what others change or an earlier run left is put right', async () => {
    await lan.configure();
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const [from, to] = [await a.pod(), await b.pod()];
    const id = /^\d+/.exec(await device(a))![0];
    await a.inside.ip('link del coracle.1');
    await eventually('the device is made anew', async () => (await ping(from.inside, to.ip)) === 1);
    expect(/^\d+/.exec(await device(a))![0]).not.toBe(id);

    await a.stop();
    await a.inside.ip(
      'route add 10.244.250.0/24 via 10.244.250.0 dev coracle.1 onlink',
      'neigh add 10.244.250.0 lladdr 02:00:00:00:00:01 dev coracle.1 nud permanent',
      'link add coracle.7 type vxlan id 7 dstport 8477 local 10.99.0.1 dev eth0',
    );
    await a.inside.run('bridge', 'fdb', 'add', '02:00:00:00:00:01', 'dev', 'coracle.1', 'dst', '10.99.0.9');
    a.start();
    await a.standing();
    expect(await routes(a)).not.toContain('10.244.250.0');
    expect(await a.inside.run('ip', 'neigh', 'show')).not.toContain('10.244.250.0');
    expect(await a.inside.run('bridge', 'fdb', 'show')).not.toContain('02:00:00:00:00:01');
    expect(await a.inside.run('ip', 'link', 'show')).not.toContain('coracle.7');
    expect(await ping(from.inside, to.ip)).toBe(1);
  });

  it('a device with other parameters is made anew, with its MAC', async () => {
    await lan.configure();
    const [node] = (await lan.running(1)) as [TestNode];
    const mac = /link\/ether (\S+)/.exec(await device(node))![1];
    await node.stop();
    await lan.configure({ Type: 'vxlan', Port: 4789, MTU: 1400 });
    node.start();
    await node.standing();
    const now = await node.inside.run('ip', '-details', 'link', 'show', 'coracle.1');
    expect(now).toContain('dstport 4789');
    expect(now).toContain('mtu 1400');
    expect(now).toContain(mac);
    expect(readFileSync(node.conflist, 'utf8')).toContain('"mtu": 1400');
  });

  it('a node that gets another address starts anew, and keeps its subnet', async () => {
    await lan.configure();
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const [from, to] = [await a.pod(), await b.pod()];
    const subnet = a.subnet();
    await a.inside.ip(
      'addr del 10.99.0.1/24 dev eth0',
      'addr add 10.99.0.50/24 dev eth0',
      'route add default via 10.99.0.254',
    );
    expect(await a.ended()).toBe(1);
    expect(a.log).toContain('from eth0 (10.99.0.1, MTU 1500) to eth0 (10.99.0.50, MTU 1500)');
    a.start();
    expect(await a.standing()).toBe(subnet);
    expect(await ping(from.inside, to.ip)).toBe(1);
    expect(
      Object.values(await lan.leases())
        .map((each) => each.PublicIP)
        .sort(),
    ).toEqual(['10.99.0.2', '10.99.0.50']);
  });

  it('with DirectRouting nodes on one link need no wrapping', async () => {
    await lan.configure({ Type: 'vxlan', DirectRouting: true });
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const [from, to] = [await a.pod(), await b.pod()];
    expect(await routes(a)).toContain(`${b.subnet()} via 10.99.0.2 dev eth0 proto 144`);
    expect(await ping(from.inside, to.ip)).toBe(1);
  });
});

describe('masquerading', () => {
  it('hides pods from the outside, not from each other', async () => {
    await lan.configure();
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const [from, to] = [await a.pod(), await b.pod()];
    // The machine outside knows no way to pods: an answer proves that it saw the node.
    expect(await ping(from.inside, '10.99.0.254')).toBe(1);
    await b.inside.run('nft', 'add table ip seen; add set ip seen callers { type ipv4_addr; flags dynamic; }');
    await b.inside.run('nft', 'add chain ip seen input { type filter hook forward priority 0; }');
    await b.inside.run('nft', `add rule ip seen input ip daddr ${to.ip} add @callers { ip saddr }`);
    expect(await ping(from.inside, to.ip)).toBe(1);
    expect(await b.inside.run('nft', 'list', 'set', 'ip', 'seen', 'callers')).toContain(`{ ${from.ip} }`);
  });

  it('is taken back without --ip-masq', async () => {
    await lan.configure();
    const [node] = (await lan.running(1)) as [TestNode];
    expect(await node.inside.run('nft', 'list', 'ruleset')).toContain('masquerade');
    await node.stop();
    node.start('--ip-masq=false');
    await node.standing();
    expect(await node.inside.run('nft', 'list', 'ruleset')).toBe('');
  });
});

describe('with host-gw', () => {
  it('pods of three nodes reach each other, and what VXLAN left is gone', async () => {
    await lan.configure();
    const nodes = await lan.running(3);
    await Promise.all(nodes.map((each) => each.stop()));
    await lan.configure({ Type: 'host-gw' });
    for (const each of nodes) each.start();
    await Promise.all(nodes.map((each) => each.standing()));
    const pods = await Promise.all(nodes.map((each) => each.pod()));
    for (const from of pods) {
      for (const to of pods) expect(await ping(from.inside, to.ip, 1, '-s', '1472')).toBe(1);
    }
    const [a, b] = nodes as [TestNode, TestNode];
    expect(await routes(a)).toContain(`${b.subnet()} via 10.99.0.2 dev eth0 proto 144`);
    expect(await a.inside.run('ip', 'link', 'show')).not.toContain('coracle.');
  });

  it('names a node that is not on the link, and goes on without it', async () => {
    await lan.configure({ Type: 'host-gw' });
    const value = { PublicIP: '192.0.2.7', BackendType: 'host-gw' };
    await lan.put(keyOf('10.244.9.0/24'), JSON.stringify(value));
    const [node] = (await lan.running(1)) as [TestNode];
    expect(node.log).toContain('192.0.2.7 is not on the link of eth0, as host-gw needs it to be');
    expect((await node.get('/metrics')).body).toContain('overlay_peers{reachable="false"} 1');
  });
});

describe('--cleanup', () => {
  for (const Type of ['vxlan', 'host-gw']) {
    it(`leaves nothing of ${Type}, and gives the lease back`, async () => {
      await lan.configure({ Type });
      const nodes = await Promise.all([lan.node(1), lan.node(2)]);
      const [node] = nodes;
      const before = await traces(node);
      for (const each of nodes) each.start();
      await Promise.all(nodes.map((each) => each.standing()));
      expect(await traces(node)).not.toBe(before);
      await node.stop();
      node.start('--cleanup');
      expect(await node.ended()).toBe(0);
      expect(await traces(node)).toBe(before);
      expect(existsSync(node.conflist)).toBe(false);
      expect(existsSync(node.subnetFile)).toBe(false);
      expect(Object.values(await lan.leases()).map((each) => each.PublicIP)).toEqual(['10.99.0.2']);
    });
  }
});
