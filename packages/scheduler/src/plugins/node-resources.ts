import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { amountOf } from '../framework/resources.ts';
import type { ResourceScorer, Usage } from './resource-scorers.ts';

export interface ResourceSpec {
  readonly name: string;
  readonly weight: number;
}

/**
 * Scores a node by what it would use with the pod. `padded` counts containers without requests as if they had small ones, so that
 * many of them spread out. Extended resources the pod does not ask for are left out: they say nothing about the pod's place.
 */
export function scoreResources(
  pod: PodInfo,
  node: NodeInfo,
  { resources, scorer, padded }: { resources: readonly ResourceSpec[]; scorer: ResourceScorer; padded: boolean },
): number {
  const usage: Usage[] = [];
  for (const { name, weight } of resources) {
    const asked = padded ? paddedOf(pod, name) : amountOf(pod.requests, name);
    const native = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage';
    if (!native && asked === 0) continue;
    const without = padded ? paddedUse(node, name) : amountOf(node.requested, name);
    usage.push({ withPod: without + asked, without, allocatable: amountOf(node.allocatable, name), weight });
  }
  return scorer(usage);
}

function paddedOf(pod: PodInfo, name: string): number {
  if (name === 'cpu') return pod.nonZero.milliCpu;
  if (name === 'memory') return pod.nonZero.memory;
  return amountOf(pod.requests, name);
}

function paddedUse(node: NodeInfo, name: string): number {
  if (name === 'cpu') return node.nonZeroRequested.milliCpu;
  if (name === 'memory') return node.nonZeroRequested.memory;
  return amountOf(node.requested, name);
}
