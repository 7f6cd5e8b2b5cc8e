import {
  type ClusterRecord,
  clusterDomain,
  controlPlaneRole,
  dnsAddress,
  type NodeRecord,
} from '../cluster/cluster.ts';
import { ofNode } from '../pki/plan.ts';
import {
  afterApi,
  apiServerUrl,
  type Component,
  type ComponentInput,
  etc,
  type NodeFacts,
  ownProgram,
  stopRanks,
} from './component.ts';
import { containerdSocket } from './containerd.ts';
import { kubeconfig } from './kubeconfig.ts';

/** The node's kubelet. */
export function kubelet(input: ComponentInput): Component {
  const { cluster, node, pki } = input;
  const file = (name: string) => etc('kubelet', name);
  const flags = {
    config: file('config.json'),
    kubeconfig: file('kubeconfig'),
    'hostname-override': node.name,
    'node-ip': node.address,
    ...(Object.keys(node.labels).length > 0 ? { 'node-labels': labelsOf(node) } : {}),
    'root-dir': '/var/lib/kubelet',
  };
  return {
    service: ownProgram('kubelet', flags, input, {
      after: ['containerd', ...afterApi(input)],
      probe: { tcp: { host: '127.0.0.1', port: 10248 } },
      stopRank: stopRanks.node,
      folders: [{ path: '/var/lib/kubelet', mode: 0o750 }],
    }),
    files: [
      { path: 'kubelet/config.json', text: `${JSON.stringify(kubeletConfig(input), undefined, 2)}\n` },
      { path: 'kubelet/ca.crt', text: pki('ca.crt') },
      { path: 'kubelet/server.crt', text: pki(`${ofNode('kubelet-server', node)}.crt`) },
      { path: 'kubelet/server.key', text: pki(`${ofNode('kubelet-server', node)}.key`) },
      {
        path: 'kubelet/kubeconfig',
        text: kubeconfig({
          cluster: cluster.name,
          server: apiServerUrl(input),
          user: `system:node:${node.name}`,
          authority: pki('ca.crt'),
          certificate: pki(`${ofNode('kubelet', node)}.crt`),
          key: pki(`${ofNode('kubelet', node)}.key`),
        }),
      },
    ],
  };
}

/** The KubeletConfiguration of a node that shares its disk, its memory and its kernel's settings with the host. */
export function kubeletConfig({
  cluster,
  node,
  facts,
}: Pick<ComponentInput, 'cluster' | 'node' | 'facts'>): Record<string, unknown> {
  return {
    ...commonKubeletConfig(facts, { clusterDomain, clusterDNS: [dnsAddress(cluster)] }),
    tlsCertFile: etc('kubelet', 'server.crt'),
    tlsPrivateKeyFile: etc('kubelet', 'server.key'),
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    resolvConf: '/etc/resolv.conf',
    // The disk is the host's: how full it is says nothing about this node.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'imagefs.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%' },
    registerWithTaints: taintsOf(cluster, node),
    ...cluster.components.kubelet,
  };
}

/** What the kubelets of all nodes have in common, wherever the nodes are. */
export function commonKubeletConfig(
  facts: NodeFacts,
  dns: { clusterDomain: string; clusterDNS: string[] },
): Record<string, unknown> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '0.0.0.0',
    port: 10250,
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10248,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: etc('kubelet', 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    // Since v1.35 a kubelet refuses cgroup v1 unless told otherwise.
    ...(facts.cgroupV1 ? { failCgroupV1: false } : {}),
    failSwapOn: false,
    ...(facts.mayAdjustOomScore ? {} : { oomScoreAdj: 0 }),
    ...dns,
    staticPodPath: '/etc/kubernetes/manifests',
  };
}

/** As the flag wants them. */
const labelsOf = (node: NodeRecord): string =>
  Object.entries(node.labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** The user's taints; and where there are workers, a control plane is for its own programs. */
function taintsOf(cluster: ClusterRecord, node: NodeRecord): NodeRecord['taints'] {
  const kept = node.role === 'control-plane' && cluster.nodes.some((it) => it.role === 'worker');
  return kept ? [...node.taints, { key: controlPlaneRole, effect: 'NoSchedule' as const }] : node.taints;
}
