import type { NodeRecord } from '../cluster/cluster.ts';
import type { Component, ComponentInput } from './component.ts';
import { containerd } from './containerd.ts';
import { kubeControllerManager, kubeScheduler } from './control.ts';
import { etcd } from './etcd.ts';
import { kubeApiserver } from './kube-apiserver.ts';
import { kubeProxy } from './kube-proxy.ts';
import { kubelet } from './kubelet.ts';

/** What runs where, by the names of the services. */
const everywhere = { containerd, kubelet, 'kube-proxy': kubeProxy } as const;
const onControlPlanes = {
  etcd,
  'kube-apiserver': kubeApiserver,
  'kube-controller-manager': kubeControllerManager,
  'kube-scheduler': kubeScheduler,
} as const;

function makersFor(node: NodeRecord): Record<string, (input: ComponentInput) => Component> {
  return node.role === 'control-plane' ? { ...onControlPlanes, ...everywhere } : everywhere;
}

/** The names of the services a node has. */
export const servicesOf = (node: NodeRecord): string[] => Object.keys(makersFor(node));

/** The processes of a node, the control plane's among them. */
export function componentsOf(input: ComponentInput): Component[] {
  return Object.values(makersFor(input.node)).map((it) => it(input));
}
