import type { Plugin } from '../framework/plugin.ts';
import { requestsNothing } from '../framework/pod-requests.ts';
import { Status } from '../framework/status.ts';
import type { ResourceSpec } from './node-resources.ts';
import { scoreResources } from './node-resources.ts';
import { balancedAllocation } from './resource-scorers.ts';

const name = 'NodeResourcesBalancedAllocation';
const bestEffort = new Status('Skip', [], name);

/** Prefers nodes on which the pod evens out how much of each resource is in use. Pods without requests are all the same to it. */
export function nodeResourcesBalancedAllocation({ resources }: { resources: readonly ResourceSpec[] }): Plugin {
  return {
    name,
    preScore: (_state, { requests }) => (requestsNothing(requests) ? bestEffort : undefined),
    score: (_state, pod, node) => scoreResources(pod, node, { resources, scorer: balancedAllocation, padded: false }),
  };
}
