import { findCondition } from '@coracle/api/meta/conditions';
import { selectorFrom } from '@coracle/api/meta/labels';
import { forbiddenError, StatusError, tooManyRequests } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import { setDisruptionAllowed, syncFailure } from '@coracle/api/policy/v1/disruption-allowed';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import type { ObjectAccess } from '../access.ts';

/** More evictions than this, not yet confirmed by the disruption controller, are not taken on. */
const maxDisruptedPods = 2000;

/** The budget a pod is under; undefined: none. Throws where there are several, which no eviction can keep at once. */
export async function budgetOf(objects: ObjectAccess, pod: Pod): Promise<PodDisruptionBudget | undefined> {
  const { labels = {}, namespace } = pod.metadata;
  if (Object.keys(labels).length === 0) return undefined;
  const budgets = await objects.list(podDisruptionBudget, namespace);
  const [budget, ...others] = budgets.filter((each) => selectorFrom(each.spec.selector).matches(labels));
  if (others.length === 0) return budget;
  throw new StatusError({
    code: 500,
    reason: '',
    message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
  });
}

/** Whether the budget lets a pod that is not ready go without being charged for it. */
export function ignoresUnready({ spec, status }: PodDisruptionBudget): boolean {
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/**
 * Charges the budget for one pod, in one optimistic write of its status: as many evictions pass as it allows, however many ask at
 * once and of whichever API server. Throws TooManyRequests where it allows none (now), Forbidden where its status makes no sense.
 */
export async function spend(
  objects: ObjectAccess,
  budget: PodDisruptionBudget,
  podName: string,
  dryRun: boolean,
): Promise<void> {
  const { name = '', namespace } = budget.metadata;
  const charge = (current: PodDisruptionBudget): PodDisruptionBudget => {
    const { disruptionsAllowed = 0, disruptedPods = {} } = current.status ?? {};
    refuseUnlessAllowed(current);
    current.status = {
      ...current.status,
      disruptionsAllowed: disruptionsAllowed - 1,
      disruptedPods: { ...disruptedPods, [podName]: now() },
    };
    if (disruptionsAllowed === 1) setDisruptionAllowed(current);
    return current;
  };
  await objects.update(podDisruptionBudget, name, namespace, charge, { subresource: 'status', dryRun });
}

function refuseUnlessAllowed(budget: PodDisruptionBudget): void {
  const { metadata, status = {} } = budget;
  const { name = '', generation = 0 } = metadata;
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = status;
  if (observedGeneration < generation) throw stillProcessed(name);
  const resource = { group: 'policy', resource: 'poddisruptionbudget' };
  if (disruptionsAllowed < 0) throw forbiddenError(resource, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbiddenError(resource, name, why);
  }
  if (disruptionsAllowed === 0) throw violation(whyNone(budget), 0);
}

/** The budget's status does not tell yet what it allows; the client may come again. */
export function stillProcessed(name: string): StatusError {
  return violation(`The disruption budget ${name} is still being processed by the server.`, 10);
}

function violation(cause: string, retryAfterSeconds: number): StatusError {
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  const error = tooManyRequests(message, retryAfterSeconds);
  error.status.details = { causes: [{ reason: 'DisruptionBudget', message: cause }], ...error.status.details };
  return error;
}

function whyNone(budget: PodDisruptionBudget): string {
  const { name = '' } = budget.metadata;
  const { currentHealthy = 0, desiredHealthy = 0, conditions } = budget.status ?? {};
  const failure = syncFailure(budget);
  const refuses = `The disruption budget ${name} does not allow evicting pods currently`;
  if (failure !== undefined) return `${refuses} because it failed sync: ${failure}`;
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  const condition = findCondition(conditions, 'DisruptionAllowed');
  const said = condition?.status === 'False' && condition.message !== '';
  return said ? `${refuses} (${condition.reason}): ${condition.message}` : refuses;
}
