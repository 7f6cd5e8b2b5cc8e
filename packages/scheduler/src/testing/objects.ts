import type { Container, Node, NodeSpec, NodeStatus, Pod, PodSpec, PodStatus } from '@coracle/api/types/core/v1';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';
import { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { podInfo } from '../framework/pod-info.ts';

/** Test objects: what a test does not say has a value that changes nothing. */
export interface PodOptions extends Partial<PodSpec> {
  name?: string;
  namespace?: string;
  uid?: string;
  labels?: Record<string, string>;
  metadata?: Partial<ObjectMeta>;
  status?: PodStatus;
  /** Requests of the pod's only container. */
  requests?: Record<string, string>;
}

let serial = 0;

export function makePod(options: PodOptions = {}): Pod {
  const { name = `pod-${++serial}`, namespace = 'default', uid, labels, metadata, status, requests, ...spec } = options;
  return {
    metadata: { name, namespace, uid: uid ?? `uid-${namespace}-${name}`, labels, ...metadata },
    spec: { schedulerName: 'default-scheduler', containers: [container({ requests })], ...spec },
    status: status ?? {},
  };
}

export function container(options: Partial<Container> & { requests?: Record<string, string> } = {}): Container {
  const { requests, ...rest } = options;
  return { name: 'main', image: 'app', ...(requests ? { resources: { requests } } : {}), ...rest };
}

export interface NodeOptions extends NodeSpec {
  labels?: Record<string, string>;
  allocatable?: Record<string, string>;
  status?: NodeStatus;
  metadata?: Partial<ObjectMeta>;
}

export function makeNode(name: string, options: NodeOptions = {}): Node {
  const { labels, allocatable, status, metadata, ...spec } = options;
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels }, ...metadata },
    spec,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }, ...status },
  };
}

/** A node with pods on it. */
export function nodeWith(node: Node, ...pods: readonly Pod[]): NodeInfo {
  const info = new NodeInfo(node.metadata.name!);
  info.setNode(node);
  for (const pod of pods) info.addPod(placed(pod, info.name));
  return info;
}

/** A pod as it is on a node. */
export function placed(pod: Pod, node: string): PodInfo {
  return podInfo({ ...pod, spec: { ...pod.spec, nodeName: node } });
}
