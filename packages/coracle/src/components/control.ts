import { controlPlanes } from '../cluster/cluster.ts';
import { subnetLength } from '../cluster/network-config.ts';
import { ofNode } from '../pki/plan.ts';
import {
  afterApi,
  apiServerUrl,
  type Component,
  type ComponentInput,
  etc,
  ownProgram,
  stopRanks,
} from './component.ts';
import { kubeconfig } from './kubeconfig.ts';

/** kube-scheduler. */
export function kubeScheduler(input: ComponentInput): Component {
  return controlProgram('kube-scheduler', 10259, {}, {}, input);
}

/** kube-controller-manager, each of whose controllers acts as a ServiceAccount of its own. */
export function kubeControllerManager(input: ComponentInput): Component {
  const file = (name: string) => etc('kube-controller-manager', name);
  return controlProgram(
    'kube-controller-manager',
    10257,
    {
      'allocate-node-cidrs': String(input.cluster.overlay.subnetSource === 'kubernetes'),
      'cluster-cidr': input.cluster.podCidr,
      'node-cidr-mask-size': String(subnetLength(input.cluster.podCidr)),
      'cluster-name': input.cluster.name,
      // Beside those that are on by default, what lets machines join.
      controllers: '*,bootstrapsigner,tokencleaner,kubelet-serving-certificate-approving-controller',
      'cluster-signing-cert-file': file('ca.crt'),
      'cluster-signing-key-file': file('ca.key'),
      'root-ca-file': file('ca.crt'),
      'service-account-private-key-file': file('sa.key'),
      'service-cluster-ip-range': input.cluster.serviceCidr,
      'use-service-account-credentials': 'true',
    },
    { 'ca.key': 'ca.key', 'sa.key': 'sa.key' },
    input,
  );
}

/** What the two programs beside the API server have in common: a kubeconfig, and a status port for those the API server lets in. */
function controlProgram(
  name: 'kube-scheduler' | 'kube-controller-manager',
  port: number,
  ownFlags: Record<string, string>,
  ownFiles: Record<string, string>,
  input: ComponentInput,
): Component {
  const { cluster, node, pki } = input;
  const file = (it: string) => etc(name, it);
  const config = file('kubeconfig');
  // One of a kind need not take turns; without a lease it also works at once after a crash.
  const alone = controlPlanes(cluster).length === 1;
  const flags = {
    'authentication-kubeconfig': config,
    'authorization-kubeconfig': config,
    'bind-address': '127.0.0.1',
    'client-ca-file': file('ca.crt'),
    kubeconfig: config,
    'leader-elect': String(!alone),
    'secure-port': String(port),
    'tls-cert-file': file('server.crt'),
    'tls-private-key-file': file('server.key'),
    ...ownFlags,
  };
  const sources = {
    'ca.crt': 'ca.crt',
    'server.crt': `${ofNode(`${name}-server`, node)}.crt`,
    'server.key': `${ofNode(`${name}-server`, node)}.key`,
    ...ownFiles,
  };
  return {
    service: ownProgram(name, flags, input, {
      after: afterApi(input),
      probe: { tcp: { host: '127.0.0.1', port } },
      stopRank: stopRanks.control,
    }),
    files: [
      ...Object.entries(sources).map(([it, source]) => ({ path: `${name}/${it}`, text: pki(source) })),
      {
        path: `${name}/kubeconfig`,
        text: kubeconfig({
          cluster: cluster.name,
          server: apiServerUrl(input),
          user: `system:${name}`,
          authority: pki('ca.crt'),
          certificate: pki(`${name}.crt`),
          key: pki(`${name}.key`),
        }),
      },
    ],
  };
}
