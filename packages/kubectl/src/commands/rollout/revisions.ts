import { formatLabelSelector } from '@coracle/api/meta/labels';
import { isControlledBy } from '@coracle/api/meta/owner';
import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import { CommandFailure } from '../../cli/failure.ts';
import type { AnyObject } from '../../resources/resource.ts';
import type { Session } from '../../session.ts';
import { kindText } from './status.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** The replica sets that a deployment made, by revision; ones without a revision are left out. */
export async function revisionsOf(session: Session, object: AnyObject): Promise<Map<number, ReplicaSet>> {
  const deployment = object as unknown as Deployment;
  const { items } = await session.rest.json<{ items: ReplicaSet[] | null }>(
    'GET',
    `/apis/apps/v1/namespaces/${encodeURIComponent(deployment.metadata.namespace!)}/replicasets`,
    { query: { labelSelector: formatLabelSelector(deployment.spec.selector) } },
  );
  const revisions = new Map<number, ReplicaSet>();
  for (const set of items ?? []) {
    const revision = Number(set.metadata.annotations?.[revisionAnnotation] ?? Number.NaN);
    if (isControlledBy(set, object) && Number.isInteger(revision)) revisions.set(revision, set);
  }
  return revisions;
}

export function requireDeployment(object: AnyObject, what: string): void {
  if (object.kind === 'Deployment') return;
  const group = object.apiVersion.includes('/') ? object.apiVersion.slice(0, object.apiVersion.indexOf('/')) : '';
  throw new CommandFailure(
    `error retrieving ${what} for ${JSON.stringify(kindText(object))}, no visitor method exists for {${group} ${object.kind}}`,
  );
}
