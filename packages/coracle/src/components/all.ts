import { type ClusterRecord, controlPlanes, type NodeRecord } from '../cluster/cluster.ts';
import type { Component, ComponentInput } from './component.ts';
import { containerd } from './containerd.ts';
import { kubeControllerManager, kubeScheduler } from './control.ts';
import { etcd } from './etcd.ts';
import { kubeApiserver } from './kube-apiserver.ts';
import { kubeProxy } from './kube-proxy.ts';
import { kubelet } from './kubelet.ts';
import { loadBalancer } from './load-balancer.ts';
import { overlay } from './overlay.ts';

/** What runs where, by the names of the services. */
const everywhere = { containerd, overlay, kubelet, 'kube-proxy': kubeProxy } as const;
const onControlPlanes = {
  etcd,
  'kube-apiserver': kubeApiserver,
  'kube-controller-manager': kubeControllerManager,
  'kube-scheduler': kubeScheduler,
} as const;

const ofSeveralControlPlanes = { 'load-balancer': loadBalancer } as const;

function makersFor(cluster: ClusterRecord, node: NodeRecord): Record<string, (input: ComponentInput) => Component> {
  return {
    ...(node.role === 'control-plane' ? onControlPlanes : {}),
    ...(controlPlanes(cluster).length > 1 ? ofSeveralControlPlanes : {}),
    ...everywhere,
  };
}

/** The names of the services a node has. */
export const servicesOf = (cluster: ClusterRecord, node: NodeRecord): string[] => Object.keys(makersFor(cluster, node));

/** The processes of a node, the control plane's among them. */
export function componentsOf(input: ComponentInput): Component[] {
  return Object.values(makersFor(input.cluster, input.node)).map((it) => it(input));
}
