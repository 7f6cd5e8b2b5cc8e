import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EtcdLan, keyOf, prefix, routes } from './testing/etcd-lan.ts';
import { eventually, ping, type TestNode } from './testing/nodes.ts';

let lan: EtcdLan;
beforeAll(async () => {
  lan = await EtcdLan.make();
});
afterAll(() => lan?.close());
beforeEach(() => lan.open());
afterEach(() => lan.clear());

describe('etcd', () => {
  it('may be away: packets go on, and what happened meanwhile is caught up with', async () => {
    await lan.configure();
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const [from, to] = [await a.pod(), await b.pod()];
    await lan.etcd.stop('SIGKILL');
    await a.logs('Lost sight of the other nodes in etcd');
    expect(await ping(from.inside, to.ip, 3)).toBe(3);
    await lan.etcd.start();
    const c = await lan.node(3);
    c.start();
    await c.standing();
    expect(await ping((await c.pod()).inside, to.ip)).toBe(1);
    await eventually('the first node knows the third', async () => (await routes(a)).includes(c.subnet()!));
  });

  it('a node whose lease is gone leases the same subnet again', async () => {
    await lan.configure();
    const [a, b] = (await lan.running(2)) as [TestNode, TestNode];
    const [from, to] = [await a.pod(), await b.pod()];
    const subnet = a.subnet()!;
    await lan.client.revokeLease(await lan.leaseOf(keyOf(subnet)));
    await eventually('the lease is back', async () => (await lan.leases())[keyOf(subnet)]?.PublicIP === '10.99.0.1');
    await eventually('packets find their way', async () => (await ping(from.inside, to.ip)) === 1);
    expect(a.subnet()).toBe(subnet);
  });

  it('a lease that nobody renews ends, and one that is renewed does not', async () => {
    await lan.configure();
    const [a] = (await lan.running(2, '--subnet-lease-ttl=2s')) as [TestNode, TestNode];
    const subnets = Object.keys(await lan.leases());
    await a.stop();
    await eventually('the first lease ends', async () => Object.keys(await lan.leases()).length === 1);
    const other = subnets.find((each) => each !== keyOf(a.subnet()!))!;
    expect((await lan.timeToLive(await lan.leaseOf(other))).left).toBeGreaterThan(0);
  });

  it('a node whose subnet another one took meanwhile gets another subnet and bridge', async () => {
    await lan.configure();
    const [node] = (await lan.running(1)) as [TestNode];
    await node.pod();
    const subnet = node.subnet()!;
    const usurper = {
      PublicIP: '10.99.0.77',
      BackendType: 'vxlan',
      BackendData: { VNI: 1, VtepMAC: '02:00:00:00:00:77' },
    };
    await lan.put(keyOf(subnet), JSON.stringify(usurper));
    await node.logs('The node has another subnet');
    const other = await eventually('another subnet', async () => node.subnet() !== subnet && node.subnet());
    const pod = await node.pod();
    expect(await node.inside.run('ip', '-4', 'addr', 'show', 'cni0')).toContain(other.replace('0/24', '1/24'));
    expect(await ping(pod.inside, '10.99.0.254')).toBe(1);
    expect(await routes(node)).toContain(`${subnet} via`);
  });

  it('compacted history is no obstacle', async () => {
    await lan.configure();
    const [a] = (await lan.running(1)) as [TestNode];
    await lan.etcd.stop('SIGKILL');
    await a.logs('Lost sight of the other nodes in etcd');
    await lan.etcd.start();
    for (let i = 0; i < 5; i++) await lan.put('elsewhere', String(i));
    const { revision } = await lan.client.range({ key: Buffer.from('elsewhere') });
    await lan.client.compact(revision);
    const b = await lan.node(2);
    b.start();
    const subnet = await b.standing();
    await eventually('the first node knows the second', async () => (await routes(a)).includes(subnet));
  });

  it('what is no lease is ignored, and said', async () => {
    await lan.configure();
    await lan.put(`${prefix}/subnets/nonsense`, '{}');
    await lan.put(keyOf('10.244.8.0/24'), 'no JSON');
    await lan.put(keyOf('172.16.8.0/24'), '{"PublicIP":"10.99.0.8","BackendType":"vxlan"}');
    const [node] = (await lan.running(1)) as [TestNode];
    expect(node.log.match(/Ignoring what is no lease of a subnet/g)!.length).toBeGreaterThanOrEqual(2);
    expect(node.log).toContain('Ignoring a node whose subnet is not in the network');
    expect(await routes(node)).not.toContain('proto 144');
  });
});

describe('refuses, and ends with code 1', () => {
  async function refusal(config: object, ...more: string[]): Promise<string> {
    await lan.put(`${prefix}/config`, JSON.stringify(config));
    const node = await lan.node(1);
    node.start(...more);
    expect(await node.ended()).toBe(1);
    expect(await node.inside.run('ip', 'link', 'show')).not.toContain('coracle.');
    return node.log;
  }

  it('a network that overlaps that of the nodes', async () => {
    expect(await refusal({ Network: '10.96.0.0/11', Backend: { Type: 'vxlan' } })).toContain(
      'Error: network configuration: Network: 10.96.0.0/11 overlaps 10.99.0.0/24, which is on the interface eth0',
    );
  });

  it('an interface that is not there', async () => {
    const config = { Network: '10.244.0.0/16', Backend: { Type: 'vxlan' } };
    expect(await refusal(config, '--iface=eth7')).toContain('Error: --iface: there is no interface called "eth7"');
  });
});
