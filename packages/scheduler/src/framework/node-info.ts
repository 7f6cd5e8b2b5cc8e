import type { Node } from '@coracle/api/types/core/v1';
import { HostPorts } from './host-ports.ts';
import type { PodInfo } from './pod-info.ts';
import { hasAffinity } from './pod-info.ts';
import type { Resources } from './resources.ts';
import { addResources, copyResources, noResources, parseResources, quantityValue } from './resources.ts';

/** How large an image is and on how many nodes it lies; shared between all nodes that have it. */
export interface ImageState {
  readonly size: number;
  readonly nodes: ReadonlySet<string>;
}

/**
 * A node with the pods on it and the sums over them. The cache changes its own NodeInfos in place; those in a snapshot are copies
 * that nobody changes during a scheduling cycle (trying out preemption works on further copies).
 */
export class NodeInfo {
  readonly name: string;
  /** Undefined while pods of a node are known whose Node object is not. */
  node: Node | undefined;
  pods: PodInfo[] = [];
  podsWithAffinity: PodInfo[] = [];
  podsWithRequiredAntiAffinity: PodInfo[] = [];
  ports = new HostPorts();
  requested: Resources = noResources();
  /** Sums of CPU and memory where each container counts as if it requested a little. */
  nonZeroRequested = { milliCpu: 0, memory: 0 };
  allocatable: Resources = noResources();
  allowedPods = 0;
  images: ReadonlyMap<string, ImageState> = new Map();
  /** Rises with every change anywhere in the cache; tells a snapshot which nodes to copy again. */
  generation = 0;

  constructor(name: string) {
    this.name = name;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node?.metadata.labels ?? {};
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = parseResources(node.status?.allocatable);
    this.allowedPods = quantityValue(node.status?.allocatable?.['pods']);
  }

  addPod(info: PodInfo): void {
    this.pods.push(info);
    if (hasAffinity(info)) this.podsWithAffinity.push(info);
    if (info.requiredAntiAffinity.length > 0) this.podsWithRequiredAntiAffinity.push(info);
    this.#count(info, 1);
    for (const port of info.hostPorts) this.ports.add(port);
  }

  /** Takes the pod with this uid away; returns false when it is not here. */
  removePod(info: PodInfo): boolean {
    const found = removeByUid(this.pods, info.uid);
    if (!found) return false;
    if (hasAffinity(found)) removeByUid(this.podsWithAffinity, info.uid);
    if (found.requiredAntiAffinity.length > 0) removeByUid(this.podsWithRequiredAntiAffinity, info.uid);
    this.#count(found, -1);
    for (const port of found.hostPorts) this.ports.remove(port);
    return true;
  }

  clone(): NodeInfo {
    const copy = new NodeInfo(this.name);
    copy.node = this.node;
    copy.pods = this.pods.slice();
    copy.podsWithAffinity = this.podsWithAffinity.slice();
    copy.podsWithRequiredAntiAffinity = this.podsWithRequiredAntiAffinity.slice();
    copy.ports = this.ports.clone();
    copy.requested = copyResources(this.requested);
    copy.nonZeroRequested = { ...this.nonZeroRequested };
    copy.allocatable = this.allocatable;
    copy.allowedPods = this.allowedPods;
    copy.images = this.images;
    copy.generation = this.generation;
    return copy;
  }

  #count(info: PodInfo, times: 1 | -1): void {
    addResources(this.requested, info.requests, times);
    this.nonZeroRequested.milliCpu += times * info.nonZero.milliCpu;
    this.nonZeroRequested.memory += times * info.nonZero.memory;
  }
}

/** Order does not matter: the last one takes the place of the removed. */
function removeByUid(pods: PodInfo[], uid: string): PodInfo | undefined {
  const at = pods.findIndex((each) => each.uid === uid);
  if (at < 0) return undefined;
  const found = pods[at];
  const last = pods.pop()!;
  if (at < pods.length) pods[at] = last;
  return found;
}
