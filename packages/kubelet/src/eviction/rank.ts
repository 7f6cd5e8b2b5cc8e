import { isMirror } from '@coracle/api/core/v1/static-pods';
import type { Pod } from '@coracle/api/types/core/v1';
import { isStatic } from '../pods/names.ts';
import { amount, isNodeCritical } from '../resources/linux.ts';
import { podAmounts } from '../resources/pod-resources.ts';

/** What a pod uses of what runs short, in bytes (or processes). */
export type Usage = (pod: Pod) => number;

/**
 * Orders pods by who goes first when a resource runs short: those that use more than they asked for, then those of lower priority, then
 * those that use most beyond their request. Pods the node cannot do without are left out.
 */
export function rankForEviction(pods: readonly Pod[], usage: Usage, resource: string | undefined): Pod[] {
  const excess = (pod: Pod): number => usage(pod) - (resource ? amount(podAmounts(pod.spec, 'requests'), resource) : 0);
  return pods
    .filter((pod) => !isNodeCritical(pod) && !isStatic(pod) && !isMirror(pod))
    .map((pod) => ({ pod, excess: excess(pod), priority: pod.spec.priority ?? 0 }))
    .sort((a, b) => Number(b.excess > 0) - Number(a.excess > 0) || a.priority - b.priority || b.excess - a.excess)
    .map((each) => each.pod);
}
