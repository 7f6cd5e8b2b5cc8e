import type { PodDisruptionBudget } from '../../generated/policy/v1.ts';
import { findCondition, setCondition } from '../../meta/conditions.ts';
import { now } from '../../meta/time.ts';

const type = 'DisruptionAllowed';

/**
 * Brings a budget's DisruptionAllowed condition in line with its status.disruptionsAllowed, in place. `failure`: why the status could
 * not be worked out; then nothing may be disrupted.
 */
export function setDisruptionAllowed({ metadata, status }: PodDisruptionBudget, failure?: string): void {
  if (!status) return;
  const allowed = failure === undefined && (status.disruptionsAllowed ?? 0) > 0;
  status.conditions ??= [];
  setCondition(status.conditions, {
    type,
    status: allowed ? 'True' : 'False',
    reason: failure !== undefined ? 'SyncFailed' : allowed ? 'SufficientPods' : 'InsufficientPods',
    message: failure ?? '',
    observedGeneration: metadata.generation ?? 0,
    lastTransitionTime: now(),
  });
}

/** Whether the condition says what status.disruptionsAllowed does. */
export function isDisruptionAllowedCurrent({ status }: PodDisruptionBudget): boolean {
  const condition = findCondition(status?.conditions, type);
  const allowed = (status?.disruptionsAllowed ?? 0) > 0;
  return (
    condition?.status === (allowed ? 'True' : 'False') &&
    condition.reason === (allowed ? 'SufficientPods' : 'InsufficientPods')
  );
}

/** Why the budget's status could not be worked out, where its condition says so. */
export function syncFailure({ status }: PodDisruptionBudget): string | undefined {
  const condition = findCondition(status?.conditions, type);
  return condition?.status === 'False' && condition.reason === 'SyncFailed' && condition.message !== ''
    ? condition.message
    : undefined;
}
