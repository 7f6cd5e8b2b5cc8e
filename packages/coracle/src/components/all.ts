import type { Component, ComponentInput } from './component.ts';
import { containerd } from './containerd.ts';
import { kubeControllerManager, kubeScheduler } from './control.ts';
import { etcd } from './etcd.ts';
import { kubeApiserver } from './kube-apiserver.ts';
import { kubeProxy } from './kube-proxy.ts';
import { kubelet } from './kubelet.ts';

/** The processes of a node, the control plane's among them. What stands first is started first. */
export function componentsOf(input: ComponentInput): Component[] {
  return [etcd, containerd, kubeApiserver, kubelet, kubeControllerManager, kubeScheduler, kubeProxy].map((it) =>
    it(input),
  );
}
