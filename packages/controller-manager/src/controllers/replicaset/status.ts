import { replicaSet as replicaSetKind } from '@coracle/api/apps/v1/replicaset';
import { setCondition } from '@coracle/api/meta/conditions';
import { selectorFromSet } from '@coracle/api/meta/labels';
import { deepEqual } from '@coracle/api/meta/object';
import { isConflict } from '@coracle/api/meta/status';
import type { ReplicaSet, ReplicaSetStatus } from '@coracle/api/types/apps/v1';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import { isAvailable, isReady } from '../../pods.ts';

/** The failure of the last attempt to create (`missing` above 0) or delete pods. */
export interface Failure {
  error: Error;
  missing: number;
}

/** What a set's status should say. `pods` are its active pods, `terminating` counts those being deleted. */
export function statusOf(
  set: ReplicaSet,
  pods: readonly Pod[],
  terminating: number,
  failure: Failure | undefined,
  now: number,
): ReplicaSetStatus {
  const labels = selectorFromSet(set.spec.template?.metadata?.labels ?? {});
  const conditions = (set.status?.conditions ?? []).map((each) => ({ ...each }));
  const had = conditions.findIndex((each) => each.type === 'ReplicaFailure');
  if (failure && had < 0) {
    const reason = failure.missing > 0 ? 'FailedCreate' : 'FailedDelete';
    setCondition(conditions, { type: 'ReplicaFailure', status: 'True', reason, message: failure.error.message });
  } else if (!failure && had >= 0) conditions.splice(had, 1);
  const count = (those: (pod: Pod) => boolean): number => pods.filter(those).length;
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count((pod) => labels.matches(pod.metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)),
    terminatingReplicas: terminating,
    observedGeneration: set.metadata.generation,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** Zero and absent are the same; the server leaves zeros out. */
const comparable = (status: ReplicaSetStatus | undefined): ReplicaSetStatus => ({
  fullyLabeledReplicas: 0,
  readyReplicas: 0,
  availableReplicas: 0,
  terminatingReplicas: 0,
  ...status,
  replicas: status?.replicas ?? 0,
  observedGeneration: status?.observedGeneration ?? 0,
});

/** Writes the status if it differs; a conflict is tried once more on the live object. Returns the set as it is now. */
export async function updateStatus(client: Client, set: ReplicaSet, status: ReplicaSetStatus): Promise<ReplicaSet> {
  if (deepEqual(comparable(set.status), comparable(status))) return set;
  try {
    return await client.updateStatus(replicaSetKind, { ...set, status });
  } catch (error) {
    if (!isConflict(error)) throw error;
    const live = await client.get(replicaSetKind, set.metadata.name!, set.metadata.namespace);
    if (live.metadata.uid !== set.metadata.uid) throw error;
    return client.updateStatus(replicaSetKind, { ...live, status });
  }
}
