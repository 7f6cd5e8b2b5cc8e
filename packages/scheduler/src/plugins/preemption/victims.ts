import { selectorFrom } from '@coracle/api/meta/labels';
import { parseTime } from '@coracle/api/meta/time';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import type { CycleState } from '../../framework/cycle-state.ts';
import type { WhatIf } from '../../framework/handle.ts';
import type { NodeInfo } from '../../framework/node-info.ts';
import type { PodInfo } from '../../framework/pod-info.ts';
import { Status } from '../../framework/status.ts';

/** The pods to evict from one node, most important first, and how many of them their disruption budgets would keep. */
export interface Victims {
  readonly node: string;
  readonly pods: readonly PodInfo[];
  readonly violations: number;
}

const noVictims = new Status(
  'UnschedulableAndUnresolvable',
  ['No preemption victims found for incoming pod'],
  'DefaultPreemption',
);

/**
 * Finds the least set of lower-priority pods whose removal lets the pod onto the node: takes them all away, then puts back as
 * many as fit, most important first, those protected by a budget before the others. Answers with a Status when there is none.
 * Changes `state` and `node`, which the caller copied.
 */
export function selectVictims(
  pod: PodInfo,
  node: NodeInfo,
  { state, whatIf, budgets }: { state: CycleState; whatIf: WhatIf; budgets: readonly PodDisruptionBudget[] },
): Victims | Status {
  const lower = node.pods.filter((each) => each.priority < pod.priority);
  if (lower.length === 0) return noVictims;
  const remove = (other: PodInfo) => {
    node.removePod(other);
    whatIf.removePod(state, pod, other, node);
  };
  for (const other of lower) remove(other);
  const verdict = whatIf.filterWithNominated(state, pod, node);
  if (verdict) return verdict;

  lower.sort(byImportance);
  const { violating, free } = splitByBudgets(lower, budgets);
  const victims: PodInfo[] = [];
  let violations = 0;
  const reprieved = (other: PodInfo): boolean => {
    node.addPod(other);
    whatIf.addPod(state, pod, other, node);
    if (!whatIf.filterWithNominated(state, pod, node)) return true;
    remove(other);
    victims.push(other);
    return false;
  };
  for (const other of violating) if (!reprieved(other)) violations++;
  for (const other of free) reprieved(other);
  return { node: node.name, pods: victims.sort(byImportance), violations };
}

/** Higher priority first, then the one that has run longer. */
export function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

/** When the pod started, in milliseconds; one that has not counts as starting now, later than all others. */
export function startOf({ pod }: PodInfo): number {
  return pod.status?.startTime ? parseTime(pod.status.startTime) : Number.MAX_SAFE_INTEGER;
}

/** Tells the pods whose eviction would break a budget from the others; each eviction uses up some of the budget. */
function splitByBudgets(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]) {
  const violating: PodInfo[] = [];
  const free: PodInfo[] = [];
  const left = budgets.map((each) => ({
    namespace: each.metadata.namespace,
    selector: selectorFrom(each.spec.selector),
    disrupted: each.status?.disruptedPods ?? {},
    allowed: each.status?.disruptionsAllowed ?? 0,
  }));
  for (const info of pods) {
    const { labels, name } = info.pod.metadata;
    let broken = false;
    if (labels && Object.keys(labels).length > 0) {
      for (const budget of left) {
        if (budget.namespace !== info.namespace || budget.selector.empty || !budget.selector.matches(labels)) continue;
        if (Object.hasOwn(budget.disrupted, name!)) continue;
        if (--budget.allowed < 0) broken = true;
      }
    }
    (broken ? violating : free).push(info);
  }
  return { violating, free };
}
