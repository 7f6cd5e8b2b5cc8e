import { shownAccessModes } from '@coracle/api/core/v1/access-modes';
import { storageClassOf } from '@coracle/api/core/v1/class-annotation';
import { humanDuration } from '@coracle/api/meta/time';
import type { PersistentVolumeClaim, PersistentVolumeClaimTemplate, Pod } from '@coracle/api/types/core/v1';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';
import type { Session } from '../session.ts';
import { Description, longTime } from './description.ts';

/** A claim, with the pods that use it. */
export async function describePersistentVolumeClaim(
  claim: PersistentVolumeClaim,
  session: Session,
): Promise<Description> {
  const out = new Description();
  const { metadata, spec, status = {} } = claim;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  out.line(0, `StorageClass:\t${storageClassOf(claim)}`);
  out.line(0, `Status:\t${metadata.deletionTimestamp ? terminating(metadata) : (status.phase ?? '')}`);
  out.line(0, `Volume:\t${spec.volumeName ?? ''}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `Finalizers:\t[${(metadata.finalizers ?? []).join(' ')}]`);
  describeVolumeOf(out, claim, 0);
  const users = await usersOf(claim, session);
  out.entries(
    'Used By',
    users.map((pod) => pod.metadata.name!),
  );
  if (status.conditions?.length) {
    out.line(0, 'Conditions:');
    out.line(1, 'Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage');
    out.line(1, '----\t------\t-----------------\t------------------\t------\t-------');
    for (const each of status.conditions) {
      const times = `${longTime(each.lastProbeTime)} \t${longTime(each.lastTransitionTime)}`;
      out.line(1, `${each.type} \t${each.status} \t${times} \t${each.reason ?? ''} \t${each.message ?? ''}`);
    }
  }
  return out;
}

/** What a claim says of its volume, at a level of indentation. */
function describeVolumeOf(
  out: Description,
  { spec, status }: Omit<PersistentVolumeClaim, 'metadata'>,
  level: number,
): void {
  const bound = Boolean(spec.volumeName);
  out.line(level, `Capacity:\t${bound ? (status?.capacity?.['storage'] ?? '0') : ''}`);
  out.line(level, `Access Modes:\t${bound ? shownAccessModes(status?.accessModes) : ''}`);
  if (spec.volumeMode) out.line(level, `VolumeMode:\t${spec.volumeMode}`);
  const { dataSource } = spec;
  if (!dataSource) return;
  out.line(level, 'DataSource:');
  if (dataSource.apiGroup !== undefined) out.line(level + 1, `APIGroup:\t${dataSource.apiGroup}`);
  out.line(level + 1, `Kind:\t${dataSource.kind}`);
  out.line(level + 1, `Name:\t${dataSource.name}`);
}

/** The volume of a pod that is made for it by a template of a claim. */
export function describeEphemeralVolume(out: Description, template: PersistentVolumeClaimTemplate): void {
  const { metadata = {}, spec } = template;
  const entries = (map: Readonly<Record<string, string>> | undefined, between: string) =>
    Object.entries(map ?? {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}${between}${value}`);
  out.line(
    2,
    'Type:\tEphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)',
  );
  out.line(2, `StorageClass:\t${storageClassOf({ metadata, spec })}`);
  out.line(2, `Volume:\t${spec.volumeName ?? ''}`);
  out.nestedEntries('Labels', entries(metadata.labels, '='));
  out.nestedEntries('Annotations', entries(metadata.annotations, ': '));
  describeVolumeOf(out, template, 2);
}

/** How long an object that is being deleted has been so. */
export const terminating = ({ deletionTimestamp }: ObjectMeta): string =>
  `Terminating (lasts ${humanDuration(Date.now() - Date.parse(deletionTimestamp!))})`;

async function usersOf({ metadata }: PersistentVolumeClaim, session: Session): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(metadata.namespace!)}/pods`;
  const { items } = await session.rest.json<{ items: Pod[] | null }>('GET', path);
  return (items ?? []).filter((pod) =>
    pod.spec.volumes?.some(
      (volume) =>
        volume.persistentVolumeClaim?.claimName === metadata.name ||
        (volume.ephemeral && `${pod.metadata.name}-${volume.name}` === metadata.name),
    ),
  );
}
