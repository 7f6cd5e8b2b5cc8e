import type { Node, Pod } from '@coracle/api/types/core/v1';
import type { NodeInfo } from '../framework/node-info.ts';
import type { Plugin } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { podRequests, requestsNothing } from '../framework/pod-requests.ts';
import { amountOf, parseResources, quantityValue } from '../framework/resources.ts';
import type { Verdict } from '../framework/status.ts';
import { Status } from '../framework/status.ts';
import type { ResourceSpec } from './node-resources.ts';
import { scoreResources } from './node-resources.ts';
import type { ResourceScorer, ShapePoint } from './resource-scorers.ts';
import { leastAllocated, mostAllocated, requestedToCapacityRatio } from './resource-scorers.ts';

const name = 'NodeResourcesFit';

export interface NodeResourcesFitArgs {
  /** Extended resources that this scheduler does not look at. */
  ignoredResources: readonly string[];
  /** Prefixes before the `/` of such resources. */
  ignoredResourceGroups: readonly string[];
  scoringStrategy: {
    type: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
    resources: readonly ResourceSpec[];
    requestedToCapacityRatio?: { shape: readonly ShapePoint[] };
  };
}

/** Refuses nodes without room for what the pod requests; scores the rest by the configured strategy. */
export function nodeResourcesFit(args: NodeResourcesFitArgs): Plugin {
  const ignored = new Set(args.ignoredResources);
  const ignoredGroups = new Set(args.ignoredResourceGroups);
  const ignores = (resource: string) => ignored.has(resource) || ignoredGroups.has(resource.split('/')[0]!);
  const { resources } = args.scoringStrategy;
  const scorer = scorerOf(args.scoringStrategy);
  return {
    name,
    filter: (_state, pod, node) => missing(pod, node, ignores),
    score: (_state, pod, node) => scoreResources(pod, node, { resources, scorer, padded: true }),
    interests: () => [
      {
        resource: 'AssignedPod',
        actions: ['Delete', 'UpdatePodScaleDown'],
        hint: (_pod, before) => Boolean((before as Pod).spec.nodeName),
      },
      {
        resource: 'UnscheduledPod',
        actions: ['UpdatePodScaleDown'],
        hint: (pod, _, after) => pod.metadata.uid === (after as Pod).metadata.uid,
      },
      {
        resource: 'Node',
        actions: ['Add', 'UpdateNodeAllocatable'],
        hint: (pod, before, after) => couldHold(pod, before as Node | undefined, after as Node),
      },
    ],
  };
}

function scorerOf(strategy: NodeResourcesFitArgs['scoringStrategy']): ResourceScorer {
  switch (strategy.type) {
    case 'LeastAllocated':
      return leastAllocated;
    case 'MostAllocated':
      return mostAllocated;
    case 'RequestedToCapacityRatio':
      return requestedToCapacityRatio(strategy.requestedToCapacityRatio?.shape ?? []);
  }
}

/** All that the node lacks for the pod. Preemption cannot help when the pod asks for more than the whole node offers. */
function missing({ requests }: PodInfo, node: NodeInfo, ignores: (resource: string) => boolean): Verdict {
  const reasons: string[] = [];
  let resolvable = true;
  if (node.pods.length + 1 > node.allowedPods) reasons.push('Too many pods');
  if (!requestsNothing(requests)) {
    const { allocatable, requested } = node;
    const check = (resource: string, asked: number) => {
      const offered = amountOf(allocatable, resource);
      if (asked === 0 || asked <= offered - amountOf(requested, resource)) return;
      reasons.push(`Insufficient ${resource}`);
      if (asked > offered) resolvable = false;
    };
    check('cpu', requests.milliCpu);
    check('memory', requests.memory);
    check('ephemeral-storage', requests.ephemeralStorage);
    for (const [resource, asked] of requests.scalars) {
      if (!resource.includes('/') || !ignores(resource)) check(resource, asked);
    }
  }
  if (reasons.length === 0) return undefined;
  return new Status(resolvable ? 'Unschedulable' : 'UnschedulableAndUnresolvable', reasons, name);
}

/** Whether the pod fits the empty node, and did not before or now has more of something it asks for. */
function couldHold(pod: Pod, before: Node | undefined, after: Node): boolean {
  const asked = podRequests(pod).requests;
  const offered = parseResources(after.status?.allocatable);
  const names = ['cpu', 'memory', 'ephemeral-storage', ...asked.scalars.keys()];
  if (names.some((each) => amountOf(asked, each) > amountOf(offered, each))) return false;
  if (!before) return true;
  const offeredBefore = parseResources(before.status?.allocatable);
  const more = names.some(
    (each) => amountOf(asked, each) > 0 && amountOf(offered, each) > amountOf(offeredBefore, each),
  );
  return (
    more || quantityValue(after.status?.allocatable?.['pods']) > quantityValue(before.status?.allocatable?.['pods'])
  );
}
