import { node } from '@coracle/api/core/v1/node';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { nodeIpamController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

describe('node-ipam-controller', () => {
  it('gives each node a range of its own, and the range of a node that went to another', async () => {
    cluster = await testCluster([nodeIpamController], { allocateNodeCidrs: true, clusterCidrs: ['10.244.0.0/23'] });
    const { client } = cluster;
    await client.create(node, { metadata: { name: 'a' }, spec: {} });
    await client.create(node, { metadata: { name: 'b' }, spec: {} });
    const all = () => cluster.list(node);
    const made = await cluster.eventually(all, (nodes) => nodes.every((each) => each.spec.podCIDR));
    expect(made.map((each) => each.spec.podCIDR).sort()).toEqual(['10.244.0.0/24', '10.244.1.0/24']);
    const freed = made[0]!;
    await client.delete(node, freed.metadata.name!);
    await client.create(node, { metadata: { name: 'c' }, spec: {} });
    const last = await cluster.eventually(
      () => cluster.get(node, 'c'),
      (each) => each.spec.podCIDR !== undefined,
    );
    expect(last.spec).toMatchObject({ podCIDR: freed.spec.podCIDR, podCIDRs: [freed.spec.podCIDR] });
  });
});
