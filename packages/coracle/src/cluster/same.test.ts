import { expect, it } from '@jest/globals';
import type { Cluster } from './cluster.ts';
import { plainWishes, planCluster, planNode } from './plan.ts';
import { checkSame, differences } from './same.ts';
import { type ClusterWishes, nodeWishes } from './wishes.ts';

const wishes: ClusterWishes = {
  ...plainWishes(2, 1),
  podSubnet: '10.1.2.3/16',
  components: { flags: { kubelet: { v: '2' } }, kubelet: { maxPods: 20 } },
};
const record = planCluster('dev', wishes, [], []);
const cluster: Cluster = { ...record, data: '/d', runtime: '/r' };

it('a cluster is what the wishes say that it was made with', () => {
  expect(differences(record, wishes)).toEqual([]);
  expect(() => checkSame(cluster, wishes, { file: 'c.yaml' })).not.toThrow();
});

it.each<[string, (it: ClusterWishes) => ClusterWishes, string]>([
  [
    'a network',
    (it) => ({ ...it, podSubnet: '10.2.0.0/16' }),
    'networking.podSubnet: it is 10.1.0.0/16, the file says 10.2.0.0/16',
  ],
  ['the root', (it) => ({ ...it, rootfs: 'debian' }), 'rootfs: it is "host", the file says "debian"'],
  [
    'the backend',
    (it) => ({ ...it, overlay: { ...it.overlay, backend: 'host-gw' } }),
    'networking.backend: it is "vxlan", the file says "host-gw"',
  ],
  [
    'a flag',
    (it) => ({ ...it, components: { ...it.components, flags: { kubelet: { v: '3' } } } }),
    'components.flags.kubelet.v: it is "2", the file says "3"',
  ],
  [
    'the flag of another program',
    (it) => ({ ...it, components: { ...it.components, flags: { ...it.components.flags, overlay: { v: '1' } } } }),
    'components.flags.overlay.v: it is not set, the file says "1"',
  ],
  [
    'a field of the kubelet',
    (it) => ({ ...it, components: { ...it.components, kubelet: {} } }),
    'components.kubelet.maxPods: it is 20, the file says not set',
  ],
  [
    'a name of the API',
    (it) => ({ ...it, apiServer: { certSANs: ['k8s.example'] } }),
    'apiServer.certSANs: it is [], the file says ["k8s.example"]',
  ],
  [
    'a label',
    (it) => ({ ...it, nodes: [it.nodes[0]!, nodeWishes.parse({ role: 'worker', labels: { disk: 'fast' } })] }),
    'nodes[1].labels: it is {}, the file says {"disk":"fast"}',
  ],
  ['the number of nodes', (it) => ({ ...it, nodes: it.nodes.slice(0, 1) }), 'nodes: it has 2, the file names 1'],
])('%s that differs is named', (_, change, line) => {
  expect(differences(record, change(wishes))).toEqual([line]);
  expect(() => checkSame(cluster, change(wishes), { file: 'c.yaml' })).toThrow(
    `c.yaml says something else than cluster dev, which is there already, is:\n  ${line}`,
  );
});

it('numbers on the command line must be those of the cluster, and only those that were said', () => {
  expect(() => checkSame(cluster, plainWishes(1, 1), {})).not.toThrow();
  expect(() => checkSame(cluster, plainWishes(3, 1), { nodes: 3 })).toThrow(
    'cluster dev has 2 node(s), and --nodes says 3',
  );
  expect(() => checkSame(cluster, plainWishes(2, 2), { nodes: 2, controlPlanes: 2 })).toThrow(
    'cluster dev has 1 control plane(s), and --control-planes says 2',
  );
  expect(() => checkSame(cluster, plainWishes(2, 1), { rootfs: 'debian' })).toThrow(
    'the nodes of cluster dev have the root host, and --rootfs says debian',
  );
  const more = { ...cluster, ...planNode(record, nodeWishes.parse({ role: 'worker' })).record };
  expect(() => checkSame(more, plainWishes(3, 1), { nodes: 3, controlPlanes: 1 })).not.toThrow();
});
