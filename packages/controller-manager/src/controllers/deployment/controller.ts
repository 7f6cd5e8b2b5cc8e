import { deployment as deploymentKind } from '@coracle/api/apps/v1/deployment';
import { replicaSet as replicaSetKind } from '@coracle/api/apps/v1/replicaset';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { selectorFrom } from '@coracle/api/meta/labels';
import { clone, deepEqual, keyOf } from '@coracle/api/meta/object';
import { controllerOf } from '@coracle/api/meta/owner';
import { isNotFound } from '@coracle/api/meta/status';
import type { Deployment, DeploymentStatus, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { Pod } from '@coracle/api/types/core/v1';
import { defineController, mapped, own, type Scope } from '../../controller.ts';
import { candidates, claim, controllerIndex, orphansOf, owned, ownerIn } from '../../ownership.ts';
import { isTerminated } from '../../pods.ts';
import { revisionOf, sizeAnnotations } from './annotations.ts';
import { isRolling, newSetSize, type Resize, shrinkOld, sizeOf, wanted } from './rolling.ts';
import { isScaling, scaleSets } from './scaling.ts';
import { type Sets, sortSets } from './sets.ts';
import {
  comparableStatus,
  condition,
  conditionOf,
  countsOf,
  hasDeadline,
  isComplete,
  putCondition,
  rolloutStatus,
  untilDeadline,
} from './status.ts';

const selectorOf = (deployment: Deployment) => selectorFrom(deployment.spec.selector);

/** Rolls each Deployment from one ReplicaSet to the next. */
export const deploymentController = defineController({
  name: 'deployment-controller',
  aliases: ['deployment'],
  workers: (settings) => settings.workers.deployment ?? 5,
  watches: [
    own(deploymentKind),
    owned(replicaSetKind, { by: deploymentKind, selector: selectorOf }),
    mapped(podKind, recreated, {
      index: [controllerIndex, (pod) => [controllerOf(pod)?.uid ?? orphansOf(pod.metadata.namespace)]],
    }),
  ],

  async reconcile(key, scope) {
    const cached = scope.listers.get(deploymentKind, key);
    if (!cached) return;
    const deployment = clone(cached);
    if (selectorOf(deployment).empty) return selectsAll(deployment, scope);
    const from = candidates(scope, replicaSetKind, deployment);
    const sets = await claim(scope.client, deployment, deploymentKind, replicaSetKind, selectorOf(deployment), from);
    if (deployment.metadata.deletionTimestamp) {
      const sorted = await sortSets(deployment, sets, false, scope);
      return writeIfChanged(deployment, countsOf(deployment, sorted.all, sorted.newSet), scope);
    }
    await notePause(deployment, scope);
    if (deployment.spec.paused || isScaling(deployment, sets)) return resize(deployment, sets, scope);
    if (isRolling(deployment)) return roll(deployment, sets, scope);
    return recreate(deployment, sets, scope);
  },
});

/** A deployment that recreates waits for its old pods to be gone: the last one's end matters. */
function recreated(pod: Pod, old: Pod | undefined, scope: Scope): string[] {
  if (old && !(isTerminated(pod) && !isTerminated(old))) return [];
  const set = ownerIn(scope, replicaSetKind, pod.metadata.namespace, controllerOf(pod));
  const owner = set && ownerIn(scope, deploymentKind, set.metadata.namespace, controllerOf(set));
  return owner?.spec.strategy?.type === 'Recreate' ? [keyOf(owner)] : [];
}

async function selectsAll(deployment: Deployment, scope: Scope): Promise<void> {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  scope.record(deployment, deploymentKind, 'Warning', 'SelectingAll', message);
  if ((deployment.status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)) return;
  deployment.status = { ...deployment.status, observedGeneration: deployment.metadata.generation };
  await scope.client.updateStatus(deploymentKind, deployment);
}

/** Tells in the Progressing condition that the rollout was paused or resumed, so that the deadline does not count the pause. */
async function notePause(deployment: Deployment, scope: Scope): Promise<void> {
  if (!hasDeadline(deployment)) return;
  const progressing = conditionOf(deployment.status, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return;
  const noted = progressing?.reason === 'DeploymentPaused';
  const paused = deployment.spec.paused === true;
  if (paused === noted) return;
  deployment.status ??= {};
  const { status } = deployment;
  status.conditions ??= [];
  putCondition(
    status,
    paused
      ? condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused')
      : condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed'),
  );
  const written = await scope.client.updateStatus(deploymentKind, deployment);
  deployment.metadata = written.metadata;
  deployment.status = written.status;
}

/** Follows a change of spec.replicas, without rolling. */
async function resize(deployment: Deployment, sets: ReplicaSet[], scope: Scope): Promise<void> {
  const sorted = await sortSets(deployment, sets, false, scope);
  await applyAll(deployment, scaleSets(deployment, sorted.olds, sorted.newSet), sorted, scope);
  if (deployment.spec.paused) await dropHistory(deployment, sorted.olds, scope);
  await writeIfChanged(deployment, countsOf(deployment, sorted.all, sorted.newSet), scope);
}

async function roll(deployment: Deployment, sets: ReplicaSet[], scope: Scope): Promise<void> {
  const sorted = await sortSets(deployment, sets, true, scope);
  const newSet = sorted.newSet!;
  const size =
    sizeOf(newSet) > wanted(deployment) ? wanted(deployment) : newSetSize(deployment, sorted.all, sizeOf(newSet));
  const grown = await applyAll(deployment, [{ set: newSet, replicas: size }], sorted, scope);
  const shrunk =
    grown || (await applyAll(deployment, shrinkOld(deployment, sorted.olds, sorted.newSet), sorted, scope));
  if (!shrunk && isComplete(deployment, deployment.status ?? {})) await dropHistory(deployment, sorted.olds, scope);
  await writeRollout(deployment, sorted, scope);
}

async function recreate(deployment: Deployment, sets: ReplicaSet[], scope: Scope): Promise<void> {
  let sorted = await sortSets(deployment, sets, false, scope);
  const active = sorted.olds.filter((set) => sizeOf(set) > 0);
  const shrunk = await applyAll(
    deployment,
    active.map((set) => ({ set, replicas: 0 })),
    sorted,
    scope,
  );
  if (shrunk || hasOldPods(sorted, scope)) return writeRollout(deployment, sorted, scope);
  if (!sorted.newSet) sorted = await sortSets(deployment, sorted.olds, true, scope);
  await applyAll(deployment, [{ set: sorted.newSet!, replicas: wanted(deployment) }], sorted, scope);
  if (isComplete(deployment, deployment.status ?? {})) await dropHistory(deployment, sorted.olds, scope);
  await writeRollout(deployment, sorted, scope);
}

const hasOldPods = ({ olds }: Sets, scope: Scope): boolean =>
  olds.some(
    (set) =>
      (set.status?.replicas ?? 0) > 0 ||
      scope.listers.byIndex(podKind, controllerIndex, set.metadata.uid!).some((pod) => !isTerminated(pod)),
  );

/** Writes new sizes, in order; returns whether any size changed. The written sets take the old ones' places in `sorted`. */
async function applyAll(
  deployment: Deployment,
  resizes: readonly Resize[],
  sorted: Sets,
  scope: Scope,
): Promise<boolean> {
  let scaled = false;
  const latest = new Map<string, ReplicaSet>();
  for (const { set, replicas } of resizes) {
    const uid = set.metadata.uid!;
    const current = latest.get(uid) ?? set;
    const before = sizeOf(current);
    const written = await applySize(deployment, current, replicas, scope);
    if (written) latest.set(uid, written);
    scaled ||= before !== replicas;
  }
  const now = (set: ReplicaSet): ReplicaSet => latest.get(set.metadata.uid!) ?? set;
  sorted.olds = sorted.olds.map(now);
  sorted.all = sorted.all.map(now);
  if (sorted.newSet) sorted.newSet = now(sorted.newSet);
  return scaled;
}

/** Writes a set's size and the annotations that go with it; returns the set as written, undefined where nothing differed. */
async function applySize(
  deployment: Deployment,
  set: ReplicaSet,
  replicas: number,
  scope: Scope,
): Promise<ReplicaSet | undefined> {
  const before = sizeOf(set);
  const sizes = sizeAnnotations(deployment);
  const stale =
    replicas > 0 && Object.entries(sizes).some(([name, value]) => set.metadata.annotations?.[name] !== value);
  if (before === replicas && !stale) return undefined;
  const wish = clone(set);
  wish.spec.replicas = replicas;
  wish.metadata.annotations = { ...wish.metadata.annotations, ...sizes };
  const written = await scope.client.update(replicaSetKind, wish);
  if (before !== replicas) {
    const direction = before < replicas ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    scope.record(deployment, deploymentKind, 'Normal', 'ScalingReplicaSet', message);
  }
  return written;
}

/** Deletes the oldest empty sets beyond spec.revisionHistoryLimit. */
async function dropHistory(deployment: Deployment, olds: readonly ReplicaSet[], scope: Scope): Promise<void> {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2 ** 31 - 1) return;
  const alive = olds
    .filter((set) => !set.metadata.deletionTimestamp)
    .sort((a, b) => Number(revisionOf(a) - revisionOf(b)));
  for (const set of alive.slice(0, Math.max(0, alive.length - limit))) {
    const settled = (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0);
    if ((set.status?.replicas ?? 0) !== 0 || sizeOf(set) !== 0 || !settled) continue;
    try {
      await scope.client.delete(replicaSetKind, set.metadata.name!, set.metadata.namespace);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

async function writeRollout(deployment: Deployment, sorted: Sets, scope: Scope): Promise<void> {
  const status = rolloutStatus(deployment, sorted.all, sorted.newSet);
  const wait = untilDeadline(deployment, status);
  if (wait !== undefined) scope.enqueue(keyOf(deployment), wait);
  await writeIfChanged(deployment, status, scope);
}

async function writeIfChanged(deployment: Deployment, status: DeploymentStatus, scope: Scope): Promise<void> {
  if (deepEqual(comparableStatus(deployment.status), comparableStatus(status))) return;
  await scope.client.updateStatus(deploymentKind, { ...deployment, status });
}
