import { checkout, type NodeRecord } from '../cluster/cluster.ts';
import { ofNode } from '../pki/plan.ts';
import { type Component, type ComponentInput, etc, stopRanks, users } from './component.ts';

const data = '/var/lib/etcd';

export const etcdClientUrl = (node: NodeRecord): string => `https://${node.address}:2379`;
export const etcdPeerUrl = (node: NodeRecord): string => `https://${node.address}:2380`;

/** etcd, which answers only to those who show a certificate of its own authority. */
export function etcd({ node, pki }: ComponentInput): Component {
  if (!node.etcd) throw new Error(`${node.name} has no member of etcd`);
  const file = (name: string) => etc('etcd', name);
  const client = etcdClientUrl(node);
  const peer = etcdPeerUrl(node);
  const flags = {
    name: node.name,
    'data-dir': data,
    'listen-client-urls': `https://127.0.0.1:2379,${client}`,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': node.etcd.initialCluster,
    'initial-cluster-state': node.etcd.state,
    'client-cert-auth': 'true',
    'trusted-ca-file': file('ca.crt'),
    'cert-file': file('server.crt'),
    'key-file': file('server.key'),
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': file('ca.crt'),
    'peer-cert-file': file('peer.crt'),
    'peer-key-file': file('peer.key'),
    'log-outputs': 'stderr',
    'log-level': 'warn',
  };
  return {
    service: {
      name: 'etcd',
      command: [
        `${checkout}/.cache/host/bin/etcd`,
        ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ],
      user: users.etcd,
      after: [],
      probe: { tcp: { host: '127.0.0.1', port: 2379 } },
      folders: [{ path: data, mode: 0o700 }],
      stopRank: stopRanks.store,
    },
    files: [
      { path: 'etcd/ca.crt', text: pki('etcd-ca.crt') },
      { path: 'etcd/server.crt', text: pki(`${ofNode('etcd-server', node)}.crt`) },
      { path: 'etcd/server.key', text: pki(`${ofNode('etcd-server', node)}.key`) },
      { path: 'etcd/peer.crt', text: pki(`${ofNode('etcd-peer', node)}.crt`) },
      { path: 'etcd/peer.key', text: pki(`${ofNode('etcd-peer', node)}.key`) },
    ],
  };
}
