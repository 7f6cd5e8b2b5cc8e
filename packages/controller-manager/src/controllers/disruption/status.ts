import { deepEqual } from '@coracle/api/meta/object';
import { formatTime, parseTime } from '@coracle/api/meta/time';
import { isDisruptionAllowedCurrent, setDisruptionAllowed } from '@coracle/api/policy/v1/disruption-allowed';
import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import { isReady } from '../../pods.ts';

/** How long an evicted pod may take until its deletion shows; after that it counts as staying. */
const deletionTimeout = 2 * 60_000;

/** Pods whose eviction was granted and whose deletion has not been seen yet. */
export interface Disrupted {
  /** When each was granted, by pod name. */
  pods: Record<string, string>;
  /** When the first of them is given up (ms); undefined: none is waited for. */
  recheckAt: number | undefined;
  /** Those that were to be deleted and were not. */
  overdue: Pod[];
}

/** Which of the budget's granted evictions are still to be waited for, at the time `now` (ms). */
export function disruptedPods({ status }: PodDisruptionBudget, pods: readonly Pod[], now: number): Disrupted {
  const disrupted: Disrupted = { pods: {}, recheckAt: undefined, overdue: [] };
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata;
    const granted = status?.disruptedPods;
    if (deletionTimestamp || !granted || !Object.hasOwn(granted, name)) continue;
    const until = parseTime(granted[name]!) + deletionTimeout;
    if (until < now) disrupted.overdue.push(pod);
    else {
      disrupted.pods[name] = granted[name]!;
      disrupted.recheckAt = Math.min(disrupted.recheckAt ?? until, until);
    }
  }
  return disrupted;
}

/** How many pods are ready and here to stay. */
export function countHealthy(pods: readonly Pod[], disrupted: Disrupted): number {
  return pods.filter(
    (pod) => !pod.metadata.deletionTimestamp && !Object.hasOwn(disrupted.pods, pod.metadata.name!) && isReady(pod),
  ).length;
}

export interface Counts {
  currentHealthy: number;
  desiredHealthy: number;
  expectedPods: number;
}

/** The budget with the status that follows from these counts, in place; returns whether that changed anything. */
export function setStatus(budget: PodDisruptionBudget, counts: Counts, disrupted: Disrupted): boolean {
  const { status: old = {}, metadata } = budget;
  // A budget that matches no pod yet allows nothing, so that its first pods are not evicted before they were counted.
  const spare = counts.expectedPods > 0 ? Math.max(0, counts.currentHealthy - counts.desiredHealthy) : 0;
  budget.status = {
    ...old,
    ...counts,
    disruptionsAllowed: spare,
    observedGeneration: metadata.generation ?? 0,
    disruptedPods: disrupted.pods,
  };
  if (Object.keys(disrupted.pods).length === 0) delete budget.status.disruptedPods;
  if (deepEqual(budget.status, old) && isDisruptionAllowedCurrent(budget)) return false;
  setDisruptionAllowed(budget);
  return true;
}

/** When the DisruptionTarget condition of a pod that was not deleted after all is out of date (ms); undefined: never. */
export function staleFrom(pod: Pod): number | undefined {
  const { conditions, phase } = pod.status ?? {};
  const condition = conditions?.find((each) => each.type === 'DisruptionTarget' && each.status === 'True');
  if (!condition || pod.metadata.deletionTimestamp || phase === 'Succeeded' || phase === 'Failed') return undefined;
  // A kubelet that ends a pod may take any time until the pod shows it.
  if (condition.reason === 'TerminationByKubelet') return undefined;
  return parseTime(condition.lastTransitionTime ?? formatTime(0)) + deletionTimeout;
}
