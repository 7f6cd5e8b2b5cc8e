import { findCondition } from '@coracle/api/meta/conditions';
import { formatTime, parseTime } from '@coracle/api/meta/time';
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '@coracle/api/types/apps/v1';
import { maxUnavailable, totalSize, wanted } from './rolling.ts';

/** Upstream's value for "no deadline". */
const noDeadline = 2 ** 31 - 1;

export const hasDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== noDeadline;

const sum = (
  sets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
): number => sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);

/** The counts of a deployment and its Available condition, from the statuses of its sets. */
export function countsOf(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): DeploymentStatus {
  const available = sum(all, 'availableReplicas');
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(all, 'replicas'),
    updatedReplicas: newSet ? sum([newSet], 'replicas') : 0,
    readyReplicas: sum(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalSize(all) - available),
    terminatingReplicas: sum(all, 'terminatingReplicas'),
    collisionCount: deployment.status?.collisionCount,
    conditions: (deployment.status?.conditions ?? []).map((each) => ({ ...each })),
  };
  const enough = available >= wanted(deployment) - maxUnavailable(deployment);
  putCondition(
    status,
    enough
      ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : condition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
  );
  return status;
}

export function condition(type: string, status: string, reason: string, message: string): DeploymentCondition {
  const time = formatTime(Date.now());
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

export const conditionOf = (status: DeploymentStatus | undefined, type: string): DeploymentCondition | undefined =>
  findCondition(status?.conditions, type);

/** Puts a condition in place of the one of its type, unless status and reason are the same. */
export function putCondition(status: DeploymentStatus, next: DeploymentCondition): void {
  const old = conditionOf(status, next.type);
  if (old && old.status === next.status && old.reason === next.reason) return;
  if (old?.status === next.status) next.lastTransitionTime = old.lastTransitionTime;
  dropCondition(status, next.type);
  status.conditions!.push(next);
}

export function dropCondition(status: DeploymentStatus, type: string): void {
  status.conditions = (status.conditions ?? []).filter((each) => each.type !== type);
}

/** All wanted pods are of the new template and available, and no old ones are left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = wanted(deployment);
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** More pods are updated, ready or available than before, or fewer old ones are left. */
function isProgressing({ status: before = {} }: Deployment, now: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const progressing = conditionOf(status, 'Progressing');
  if (!hasDeadline(deployment) || !progressing || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  return parseTime(progressing.lastUpdateTime!) + deployment.spec.progressDeadlineSeconds! * 1000 < now;
}

/** The status while rolling: counts, and the Progressing and ReplicaFailure conditions. */
export function rolloutStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: number = Date.now(),
): DeploymentStatus {
  const status = countsOf(deployment, all, newSet);
  if (!hasDeadline(deployment)) dropCondition(status, 'Progressing');
  const current = conditionOf(deployment.status, 'Progressing');
  const wasComplete = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable';
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (hasDeadline(deployment) && !wasComplete) {
    if (isComplete(deployment, status)) {
      putCondition(
        status,
        condition('Progressing', 'True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`),
      );
    } else if (isProgressing(deployment, status)) {
      const next = condition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`);
      // The update time moves with each step forward: the deadline counts from the last one.
      if (current?.status === 'True') next.lastTransitionTime = current.lastTransitionTime;
      dropCondition(status, 'Progressing');
      putCondition(status, next);
    } else if (hasTimedOut(deployment, status, now)) {
      putCondition(
        status,
        condition('Progressing', 'False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`),
      );
    }
  }
  const failure = replicaFailure(all, newSet);
  if (failure) putCondition(status, failure);
  else dropCondition(status, 'ReplicaFailure');
  return status;
}

function replicaFailure(all: readonly ReplicaSet[], newSet: ReplicaSet | undefined): DeploymentCondition | undefined {
  const of = (set: ReplicaSet) => findCondition(set.status?.conditions, 'ReplicaFailure');
  const found = (newSet && of(newSet)) ?? all.map(of).find(Boolean);
  if (!found) return undefined;
  const { status, lastTransitionTime, reason, message } = found;
  return { type: 'ReplicaFailure', status, lastTransitionTime, lastUpdateTime: lastTransitionTime, reason, message };
}

/** When to look again for the deadline (ms); undefined where it does not matter now. */
export function untilDeadline(
  deployment: Deployment,
  status: DeploymentStatus,
  now: number = Date.now(),
): number | undefined {
  const current = conditionOf(deployment.status, 'Progressing');
  if (!hasDeadline(deployment) || !current) return undefined;
  if (isComplete(deployment, status) || current.reason === 'ProgressDeadlineExceeded') return undefined;
  const left = parseTime(current.lastUpdateTime!) + deployment.spec.progressDeadlineSeconds! * 1000 - now;
  return Math.max(0, left) + 1000;
}

/** Zeros and empty lists are left out by the server: the same as absent. */
export function comparableStatus(status: DeploymentStatus | undefined): unknown {
  const { conditions, ...counts } = status ?? {};
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0 && value !== undefined)),
    ...(conditions?.length ? { conditions } : {}),
  };
}
