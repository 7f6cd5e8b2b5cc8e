import { randomUUID } from 'node:crypto';
import type { KubeObject } from '@coracle/api/kind';
import { now } from '@coracle/api/meta/time';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';

/** Takes off what the server alone says, before anybody comes to manage it. */
export function wipeSystemFields({ metadata }: KubeObject): void {
  delete metadata.creationTimestamp;
  delete metadata.uid;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}

/** Sets what the server alone says about a new object. */
export function stampNew(object: KubeObject, hasGeneration: boolean): void {
  const { metadata } = object;
  wipeSystemFields(object); // what admission set
  metadata.creationTimestamp = now();
  metadata.uid = randomUUID();
  if (hasGeneration) metadata.generation = 1;
  else delete metadata.generation;
}

/** Carries over what an update cannot change, so that clients may leave it out. */
export function carryOver(object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  metadata.uid ||= old.metadata.uid;
  if (old.metadata.creationTimestamp) metadata.creationTimestamp = old.metadata.creationTimestamp;
  delete metadata.selfLink;
  setOrDelete(metadata, 'generation', old.metadata.generation);
  if (old.metadata.deletionTimestamp) metadata.deletionTimestamp = old.metadata.deletionTimestamp;
  setOrDelete(
    metadata,
    'deletionGracePeriodSeconds',
    metadata.deletionGracePeriodSeconds ?? old.metadata.deletionGracePeriodSeconds,
  );
}

/** Takes off owners that an object names more than once, word for word, and warns of them. */
export function dropRepeatedOwners(
  { metadata }: KubeObject,
  warn: (text: string) => void,
  when: '' | ' after mutating admission happens' = '',
): void {
  const owners = metadata.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  const seen = new Set<string>();
  const repeated: string[] = [];
  const kept = owners.filter((owner) => {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = owner;
    const text = JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
    if (seen.has(text)) repeated.push(uid);
    const { size } = seen;
    return seen.add(text).size > size;
  });
  if (repeated.length === 0) return;
  metadata.ownerReferences = kept;
  warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${repeated.join(', ')}`,
  );
}

function setOrDelete<K extends keyof ObjectMeta>(metadata: ObjectMeta, field: K, value: ObjectMeta[K]): void {
  if (value === undefined) delete metadata[field];
  else metadata[field] = value;
}
