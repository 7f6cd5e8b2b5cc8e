import { deployment } from '@coracle/api/apps/v1/deployment';
import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { pod } from '@coracle/api/core/v1/pod';
import { resolveIntOrPercent } from '@coracle/api/meta/int-or-string';
import { formatLabelSelector, selectorFrom } from '@coracle/api/meta/labels';
import { clone, keyOf } from '@coracle/api/meta/object';
import { isConflict } from '@coracle/api/meta/status';
import { setDisruptionAllowed } from '@coracle/api/policy/v1/disruption-allowed';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import { type Controller, defineController, mapped, own, type Scope } from '../../controller.ts';
import { expectedScale, Scales } from './scale.ts';
import { staleConditions } from './stale-conditions.ts';
import { type Counts, countHealthy, disruptedPods, setStatus } from './status.ts';

/**
 * Keeps what disruption budgets allow up to date, which evictions go by
 * (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/), and takes back marks on pods that were not deleted after all.
 */
export function disruptionController(): Controller {
  const budgets = budgetController();
  return {
    ...budgets,
    start(context) {
      const works = [budgets, staleConditions].map((each) => each.start(context)!);
      return async () => void (await Promise.all(works.map((work) => work())));
    },
  };
}

function budgetController(): Controller {
  const scales = new Scales();
  return defineController({
    name: 'disruption-controller',
    aliases: ['disruption'],
    component: 'controllermanager',
    watches: [
      own(podDisruptionBudget),
      mapped(pod, budgetsOf),
      mapped(replicaSet, whereScaled),
      mapped(deployment, whereScaled),
    ],

    async reconcile(key, scope) {
      const budget = scope.listers.get(podDisruptionBudget, key);
      if (!budget) return;
      try {
        await workOut(budget, scope, scales);
      } catch (error) {
        if (!isConflict(error)) await allowNothing(budget, error as Error, scope);
        throw error;
      }
    },
  });
}

/** The budgets that select a pod; there should be one at most. */
function budgetsOf(it: Pod, _old: Pod | undefined, scope: Scope): string[] {
  const { name, namespace, labels } = it.metadata;
  const budgets = scope.listers
    .list(podDisruptionBudget, namespace)
    .filter((each) => selectorFrom(each.spec.selector).matches(labels));
  if (budgets.length > 1) {
    const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${budgets[0]!.metadata.name}" arbitrarily.`;
    scope.record(it, pod, 'Warning', 'MultiplePodDisruptionBudgets', message);
  }
  return budgets.map(keyOf);
}

/** A changed scale changes what a share of the pods, or all but some, means. */
function whereScaled<T extends { metadata: { namespace?: string }; spec: { replicas?: number } }>(
  it: T,
  old: T | undefined,
  scope: Scope,
): string[] {
  if (!old || old.spec.replicas === it.spec.replicas) return [];
  return scope.listers.list(podDisruptionBudget, it.metadata.namespace).map(keyOf);
}

async function workOut(budget: PodDisruptionBudget, scope: Scope, scales: Scales): Promise<void> {
  const { client, record } = scope;
  const { namespace } = budget.metadata;
  const pods = scope.listers.select(pod, namespace, selectorFrom(budget.spec.selector));
  if (pods.length === 0) record(budget, podDisruptionBudget, 'Normal', 'NoPods', 'No matching pods found');
  const now = Date.now();
  const disrupted = disruptedPods(budget, pods, now);
  for (const it of disrupted.overdue) {
    const message = `Pod was expected by PDB ${keyOf(budget)} to be deleted but it wasn't`;
    record(it, pod, 'Warning', 'NotDeleted', message);
  }
  const counts = { currentHealthy: countHealthy(pods, disrupted), ...(await wanted(budget, pods, scope, scales)) };
  const updated = clone(budget);
  if (setStatus(updated, counts, disrupted)) await client.updateStatus(podDisruptionBudget, updated);
  if (disrupted.recheckAt !== undefined) scope.enqueue(keyOf(budget), disrupted.recheckAt - now + 1);
}

/** How many pods there should be, and how many of them must be healthy. */
async function wanted(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  scope: Scope,
  scales: Scales,
): Promise<Omit<Counts, 'currentHealthy'>> {
  const { minAvailable, maxUnavailable } = budget.spec;
  if (maxUnavailable === undefined && typeof minAvailable === 'number') {
    return { expectedPods: pods.length, desiredHealthy: minAvailable };
  }
  if (maxUnavailable === undefined && minAvailable === undefined) return { expectedPods: 0, desiredHealthy: 0 };
  try {
    const { expected, unmanaged } = await expectedScale(pods, scope, scales);
    if (unmanaged.length > 0) tellOfUnmanaged(budget, scope);
    const desired =
      maxUnavailable === undefined
        ? resolveIntOrPercent(minAvailable, expected, true)
        : expected - resolveIntOrPercent(maxUnavailable, expected, true);
    return { expectedPods: expected, desiredHealthy: Math.max(0, desired) };
  } catch (error) {
    const message = `Failed to calculate the number of expected pods: ${(error as Error).message}`;
    scope.record(budget, podDisruptionBudget, 'Warning', 'CalculateExpectedPodCountFailed', message);
    throw error;
  }
}

function tellOfUnmanaged(budget: PodDisruptionBudget, { record }: Scope): void {
  const selector = formatLabelSelector(budget.spec.selector);
  const message =
    `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the ` +
    'PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ' +
    '".spec.minAvailable" field of the PDB to an integer value.';
  record(budget, podDisruptionBudget, 'Warning', 'UnmanagedPods', message);
}

/** A budget that cannot be worked out allows no eviction, and says why. */
async function allowNothing(budget: PodDisruptionBudget, error: Error, { client }: Scope): Promise<void> {
  const failed = clone(budget);
  failed.status = { ...failed.status, disruptionsAllowed: 0 };
  setDisruptionAllowed(failed, error.message);
  await client.updateStatus(podDisruptionBudget, failed);
}
