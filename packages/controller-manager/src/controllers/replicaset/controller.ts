import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { pod } from '@coracle/api/core/v1/pod';
import { selectorFrom } from '@coracle/api/meta/labels';
import { keyOf } from '@coracle/api/meta/object';
import { controllerOf } from '@coracle/api/meta/owner';
import { isNotFound } from '@coracle/api/meta/status';
import type { ReplicaSet } from '@coracle/api/types/apps/v1';
import type { Pod } from '@coracle/api/types/core/v1';
import { defineController, own, type Scope } from '../../controller.ts';
import { candidates, claim, controllerIndex, owned } from '../../ownership.ts';
import { createPod, deletePod, isActive, isNamespaceTerminating, readyTime } from '../../pods.ts';
import { slowStart } from '../../slow-start.ts';
import { cheapestToLose } from './ranking.ts';
import { type Failure, statusOf, updateStatus } from './status.ts';

/** The most pods created or deleted for one set at a time. */
const burst = 500;

/** Keeps the number of live pods of each ReplicaSet at spec.replicas. */
export const replicaSetController = defineController({
  name: 'replicaset-controller',
  aliases: ['replicaset'],
  workers: (settings) => settings.workers.replicaset ?? 5,
  watches: [own(replicaSet), owned(pod, { by: replicaSet, selector: (set) => selectorFrom(set.spec.selector) })],

  async reconcile(key, scope) {
    const set = scope.listers.get(replicaSet, key);
    if (!set) return scope.expectations.forget(key);
    const seen = scope.expectations.satisfied(key);
    const selector = selectorFrom(set.spec.selector);
    const all = candidates(scope, pod, set);
    const pods = await claim(scope.client, set, replicaSet, pod, selector, all.filter(isActive));
    const failure = seen && !set.metadata.deletionTimestamp ? await bringToSize(set, pods, scope) : undefined;
    const terminating = all.filter(
      (each) => controllerOf(each)?.uid === set.metadata.uid && each.metadata.deletionTimestamp,
    ).length;
    const status = statusOf(set, pods, terminating, failure, Date.now());
    await updateStatus(scope.client, set, status);
    if (failure) throw failure.error;
    const { minReadySeconds = 0 } = set.spec;
    if (minReadySeconds > 0 && status.readyReplicas !== status.availableReplicas) {
      scope.enqueue(key, untilNextAvailable(pods, minReadySeconds, Date.now()));
    }
  },
});

/** Creates what is missing or deletes what is too much; returns what went wrong. */
async function bringToSize(set: ReplicaSet, pods: readonly Pod[], scope: Scope): Promise<Failure | undefined> {
  const missing = (set.spec.replicas ?? 1) - pods.length;
  if (missing > 0) return createPods(set, Math.min(missing, burst), scope);
  if (missing < 0) return deletePods(set, pods, Math.min(-missing, burst), scope);
  return undefined;
}

async function createPods(set: ReplicaSet, count: number, scope: Scope): Promise<Failure | undefined> {
  const key = keyOf(set);
  scope.expectations.expectCreations(key, count);
  const { succeeded, error } = await slowStart(count, async () => {
    await createPod(scope, set.spec.template!, set, replicaSet);
  });
  // What failed or was not tried will not be seen.
  for (let i = succeeded; i < count; i++) scope.expectations.creationObserved(key);
  return error && !isNamespaceTerminating(error) ? { error: error as Error, missing: count } : undefined;
}

async function deletePods(
  set: ReplicaSet,
  pods: readonly Pod[],
  count: number,
  scope: Scope,
): Promise<Failure | undefined> {
  const key = keyOf(set);
  const victims = cheapestToLose(pods, relatedPods(set, pods, scope), count, Date.now());
  scope.expectations.expectDeletions(key, victims.map(keyOf));
  const results = await Promise.allSettled(
    victims.map(async (victim) => {
      try {
        await deletePod(scope, victim, set, replicaSet);
      } catch (error) {
        scope.expectations.deletionObserved(key, keyOf(victim));
        if (!isNotFound(error)) throw error;
      }
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  return failed ? { error: failed.reason as Error, missing: -count } : undefined;
}

/** The active pods of all sets with the same controller: where they are crowded, pods go first. */
function relatedPods(set: ReplicaSet, pods: readonly Pod[], scope: Scope): readonly Pod[] {
  const controller = controllerOf(set);
  if (!controller) return pods;
  return scope.listers
    .list(replicaSet, set.metadata.namespace)
    .filter((each) => controllerOf(each)?.uid === controller.uid)
    .flatMap((each) => scope.listers.byIndex(pod, controllerIndex, each.metadata.uid!).filter(isActive));
}

/** Time (ms) until the next ready pod has been ready for long enough. */
function untilNextAvailable(pods: readonly Pod[], minReadySeconds: number, now: number): number {
  const due = pods.map((each) => (readyTime(each) ?? now) + minReadySeconds * 1000 - now).filter((ms) => ms > 0);
  return Math.max(1, Math.min(minReadySeconds * 1000, ...due));
}
