import { deployment as deploymentKind } from '@coracle/api/apps/v1/deployment';
import { replicaSet as replicaSetKind } from '@coracle/api/apps/v1/replicaset';
import { clone, deepEqual } from '@coracle/api/meta/object';
import { controllerOf, controllerRef } from '@coracle/api/meta/owner';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { Deployment, DeploymentCondition, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { PodTemplateSpec } from '@coracle/api/types/core/v1';
import type { Scope } from '../../controller.ts';
import { isNamespaceTerminating } from '../../pods.ts';
import { annotateNewSet, maxRevision, revisionAnnotation } from './annotations.ts';
import { templateHash } from './hash.ts';
import { newSetSize, oldestFirst, sizeOf } from './rolling.ts';
import { condition, conditionOf, hasDeadline, putCondition } from './status.ts';

const hashLabel = 'pod-template-hash';

/** The sets of a deployment: the one of its present template, if there is one, and the rest. */
export interface Sets {
  newSet: ReplicaSet | undefined;
  olds: ReplicaSet[];
  all: ReplicaSet[];
}

/** Whether two templates are the same but for the hash that sets add to theirs. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  const bare = (template: PodTemplateSpec | undefined): unknown => {
    const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
    return { ...template, metadata: { ...template?.metadata, creationTimestamp: undefined, labels } };
  };
  return deepEqual(bare(a), bare(b));
}

/** The set of the deployment's template: the oldest, should there be several. */
export const findNewSet = (deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  oldestFirst(sets).find((set) => sameTemplate(set.spec.template, deployment.spec.template));

/**
 * Sorts out the sets and brings revisions up to date. With `create` the set of the present template is made where it is missing.
 * `deployment` is changed in place when its status or revision is written.
 */
export async function sortSets(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  create: boolean,
  scope: Scope,
): Promise<Sets> {
  const found = findNewSet(deployment, sets);
  const olds = sets.filter((set) => set.metadata.uid !== found?.metadata.uid);
  const revision = maxRevision(olds) + 1n;
  let newSet = found;
  if (found) newSet = await refreshNewSet(deployment, found, revision, scope);
  else if (create) newSet = await createNewSet(deployment, olds, revision, scope);
  return { newSet, olds, all: newSet ? [...olds, newSet] : olds };
}

async function refreshNewSet(
  deployment: Deployment,
  found: ReplicaSet,
  revision: bigint,
  scope: Scope,
): Promise<ReplicaSet> {
  const set = clone(found);
  const annotated = annotateNewSet(deployment, set, revision, true);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (annotated || (set.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    set.spec.minReadySeconds = minReadySeconds;
    return scope.client.update(replicaSetKind, set);
  }
  const message = `Found new replica set "${set.metadata.name}"`;
  const noticed = conditionOf(deployment.status, 'Progressing')
    ? undefined
    : condition('Progressing', 'True', 'FoundNewReplicaSet', message);
  await writeRevision(deployment, set.metadata.annotations?.[revisionAnnotation] ?? '', noticed, scope);
  return set;
}

async function createNewSet(
  deployment: Deployment,
  olds: ReplicaSet[],
  revision: bigint,
  scope: Scope,
): Promise<ReplicaSet> {
  const wish = newSetOf(deployment, olds, revision);
  let created: ReplicaSet;
  let existed = false;
  try {
    created = await scope.client.create(replicaSetKind, wish);
  } catch (error) {
    const same = isAlreadyExists(error) ? await ownTwin(deployment, wish, scope) : undefined;
    if (!same) throw await failedToCreate(deployment, wish, error as Error, scope);
    created = same;
    existed = true;
  }
  const { name } = created.metadata;
  if (!existed && sizeOf(created) > 0) {
    scope.record(
      deployment,
      deploymentKind,
      'Normal',
      'ScalingReplicaSet',
      `Scaled up replica set ${name} from 0 to ${sizeOf(created)}`,
    );
  }
  const made = existed
    ? undefined
    : condition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`);
  await writeRevision(deployment, String(revision), made, scope);
  return created;
}

function newSetOf(deployment: Deployment, olds: readonly ReplicaSet[], revision: bigint): ReplicaSet {
  const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount);
  const template = clone(deployment.spec.template);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const selector = clone(deployment.spec.selector);
  const set: ReplicaSet = {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      ownerReferences: [controllerRef(deployment, deploymentKind)],
      labels,
    },
    spec: {
      replicas: newSetSize(deployment, olds, 0),
      minReadySeconds: deployment.spec.minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  annotateNewSet(deployment, set, revision, false);
  return set;
}

/** The existing set of that name, if it is ours and of the same template: the cache had not shown it yet. */
async function ownTwin(deployment: Deployment, wish: ReplicaSet, scope: Scope): Promise<ReplicaSet | undefined> {
  const live = await scope.client.get(replicaSetKind, wish.metadata.name!, wish.metadata.namespace);
  const ours = controllerOf(live)?.uid === deployment.metadata.uid;
  return ours && sameTemplate(live.spec.template, deployment.spec.template) ? live : undefined;
}

/** Notes why the set could not be made; returns the error to go on with. */
async function failedToCreate(deployment: Deployment, wish: ReplicaSet, error: Error, scope: Scope): Promise<Error> {
  if (isNamespaceTerminating(error)) return error;
  deployment.status ??= {};
  const { status } = deployment;
  if (isAlreadyExists(error)) {
    // Another template has the same hash: the count makes the next one differ.
    status.collisionCount = (status.collisionCount ?? 0) + 1;
    await writeStatus(deployment, scope);
    return error;
  }
  const message = `Failed to create new replica set "${wish.metadata.name}": ${error.message}`;
  if (hasDeadline(deployment)) {
    status.conditions ??= [];
    putCondition(status, condition('Progressing', 'False', 'ReplicaSetCreateError', message));
    await writeStatus(deployment, scope);
  }
  scope.record(deployment, deploymentKind, 'Warning', 'ReplicaSetCreateError', message);
  return error;
}

/** Keeps the deployment's revision annotation and the given Progressing condition; writes only what differs. */
async function writeRevision(
  deployment: Deployment,
  revision: string,
  progressing: DeploymentCondition | undefined,
  scope: Scope,
): Promise<void> {
  const annotations = deployment.metadata.annotations ?? {};
  const stale = annotations[revisionAnnotation] !== revision;
  // Written with the status, an annotation makes no new generation.
  if (stale) deployment.metadata.annotations = { ...annotations, [revisionAnnotation]: revision };
  const news = hasDeadline(deployment) ? progressing : undefined;
  if (news) {
    deployment.status ??= {};
    deployment.status.conditions ??= [];
    putCondition(deployment.status, news);
  }
  if (stale || news) await writeStatus(deployment, scope);
}

async function writeStatus(deployment: Deployment, scope: Scope): Promise<void> {
  const written = await scope.client.updateStatus(deploymentKind, deployment);
  deployment.metadata = written.metadata;
  deployment.status = written.status;
}
