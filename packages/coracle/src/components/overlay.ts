import { controlPlanes } from '../cluster/cluster.ts';
import { networkConfig } from '../cluster/network-config.ts';
import {
  afterApi,
  apiServerUrl,
  type Component,
  type ComponentInput,
  etc,
  ownProgram,
  stopRanks,
} from './component.ts';
import { etcdClientUrl } from './etcd.ts';
import { kubeconfig } from './kubeconfig.ts';

export const overlayHealthPort = 10247;

/** Where a node's container runtime finds how to join pods to the network; it is gone with the node's boot, as all pods are. */
export const cniFolder = '/run/cni/net.d';
export const cniFile = `${cniFolder}/10-coracle.conflist`;

/** The pod network across nodes. It takes the node's range of addresses from etcd, or from the API. */
export function overlay(input: ComponentInput): Component {
  const source = input.cluster.overlay.subnetSource === 'etcd' ? fromEtcd(input) : fromApi(input);
  return {
    service: ownProgram(
      'overlay',
      {
        'cni-conf-file': cniFile,
        'healthz-bind-address': `127.0.0.1:${overlayHealthPort}`,
        'public-ip': input.node.address,
        ...source.flags,
      },
      input,
      {
        after: source.after,
        probe: { tcp: { host: '127.0.0.1', port: overlayHealthPort } },
        stopRank: stopRanks.store,
      },
    ),
    files: source.files,
  };
}

interface Source extends Pick<Component, 'files'> {
  flags: Record<string, string>;
  after: string[];
}

function fromEtcd({ cluster, pki }: ComponentInput): Source {
  const file = (name: string) => etc('overlay', name);
  return {
    flags: {
      'subnet-source': 'etcd',
      'etcd-endpoints': controlPlanes(cluster).map(etcdClientUrl).join(','),
      'etcd-cafile': file('etcd-ca.crt'),
      'etcd-certfile': file('etcd-client.crt'),
      'etcd-keyfile': file('etcd-client.key'),
    },
    after: [],
    files: [
      { path: 'overlay/etcd-ca.crt', text: pki('etcd-ca.crt') },
      { path: 'overlay/etcd-client.crt', text: pki('overlay-etcd-client.crt') },
      { path: 'overlay/etcd-client.key', text: pki('overlay-etcd-client.key') },
    ],
  };
}

function fromApi(input: ComponentInput): Source {
  const { cluster, node, pki } = input;
  const file = (name: string) => etc('overlay', name);
  return {
    flags: {
      'subnet-source': 'kubernetes',
      kubeconfig: file('kubeconfig'),
      'node-name': node.name,
      'net-config-path': file('network.json'),
    },
    after: afterApi(input),
    files: [
      { path: 'overlay/network.json', text: `${JSON.stringify(networkConfig(cluster))}\n` },
      {
        path: 'overlay/kubeconfig',
        text: kubeconfig({
          cluster: cluster.name,
          server: apiServerUrl(input),
          user: 'system:overlay',
          authority: pki('ca.crt'),
          certificate: pki('overlay.crt'),
          key: pki('overlay.key'),
        }),
      },
    ],
  };
}
