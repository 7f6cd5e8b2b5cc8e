import { formatLabelSelector } from '@coracle/api/meta/labels';
import { clone, deepEqual } from '@coracle/api/meta/object';
import { isControlledBy } from '@coracle/api/meta/owner';
import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { Pod, PodTemplateSpec } from '@coracle/api/types/core/v1';
import type { Session } from '../session.ts';
import { Description, longTime } from './description.ts';
import { controlledBy } from './pod.ts';
import { describePodTemplate } from './pod-template.ts';

export async function describeDeployment(deployment: Deployment, session: Session): Promise<Description> {
  const out = new Description();
  const { metadata, spec, status = {} } = deployment;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  out.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `Selector:\t${formatLabelSelector(spec.selector)}`);
  out.line(
    0,
    `Replicas:\t${spec.replicas ?? 0} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable`,
  );
  out.line(0, `StrategyType:\t${spec.strategy?.type ?? ''}`);
  out.line(0, `MinReadySeconds:\t${spec.minReadySeconds ?? 0}`);
  const rolling = spec.strategy?.rollingUpdate;
  if (rolling)
    out.line(0, `RollingUpdateStrategy:\t${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge`);
  describePodTemplate(out, spec.template);
  describeConditions(out, status.conditions);
  const { current, old } = await replicaSets(deployment, session);
  if (current || old.length > 0) {
    out.line(0, `OldReplicaSets:\t${setsText(old)}`);
    out.line(0, `NewReplicaSet:\t${setsText(current ? [current] : [])}`);
  }
  return out;
}

function describeConditions(
  out: Description,
  conditions: readonly { type: string; status: string; reason?: string }[] | undefined,
): void {
  if (!conditions?.length) return;
  out.line(0, 'Conditions:');
  out.line(1, 'Type\tStatus\tReason');
  out.line(1, '----\t------\t------');
  for (const { type, status, reason = '' } of conditions) out.line(1, `${type} \t${status}\t${reason}`);
}

const setsText = (sets: readonly ReplicaSet[]): string =>
  sets
    .map((set) => `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec?.replicas ?? 0} replicas created)`)
    .join(', ') || '<none>';

/** The replica set of the deployment's template, and those of earlier ones. */
async function replicaSets(
  deployment: Deployment,
  session: Session,
): Promise<{ current?: ReplicaSet; old: ReplicaSet[] }> {
  const { items } = await session.rest.json<{ items: ReplicaSet[] | null }>(
    'GET',
    `/apis/apps/v1/namespaces/${encodeURIComponent(deployment.metadata.namespace!)}/replicasets`,
    { query: { labelSelector: formatLabelSelector(deployment.spec.selector) } },
  );
  const own = (items ?? []).filter((set) => isControlledBy(set, deployment));
  const byAge = [...own].sort((a, b) =>
    (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1,
  );
  const template = withoutHash(deployment.spec.template);
  const current = byAge.find((set) => deepEqual(withoutHash(set.spec.template as PodTemplateSpec), template));
  return { ...(current ? { current } : {}), old: byAge.filter((set) => set !== current) };
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const copy = clone(template);
  if (copy.metadata?.labels) delete copy.metadata.labels['pod-template-hash'];
  return copy;
}

export async function describeReplicaSet(set: ReplicaSet, session: Session): Promise<Description> {
  const out = new Description();
  const { metadata, spec, status } = set;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  out.line(0, `Selector:\t${formatLabelSelector(spec.selector)}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  const owner = controlledBy(set);
  if (owner) out.line(0, `Controlled By:\t${owner}`);
  out.line(0, `Replicas:\t${status?.replicas ?? 0} current / ${spec.replicas ?? 0} desired`);
  const counts = await phases(set, session);
  out.line(
    0,
    `Pods Status:\t${counts.Running} Running / ${counts.Pending} Waiting / ${counts.Succeeded} Succeeded / ${counts.Failed} Failed`,
  );
  describePodTemplate(out, spec.template as PodTemplateSpec);
  describeConditions(out, status?.conditions);
  return out;
}

async function phases(
  set: ReplicaSet,
  session: Session,
): Promise<{ Running: number; Pending: number; Succeeded: number; Failed: number }> {
  const { items } = await session.rest.json<{ items: Pod[] | null }>(
    'GET',
    `/api/v1/namespaces/${encodeURIComponent(set.metadata.namespace!)}/pods`,
    { query: { labelSelector: formatLabelSelector(set.spec.selector) } },
  );
  const counts = { Running: 0, Pending: 0, Succeeded: 0, Failed: 0 };
  for (const pod of items ?? []) {
    const phase = pod.status?.phase as keyof typeof counts;
    if (isControlledBy(pod, set) && phase in counts) counts[phase]++;
  }
  return counts;
}
