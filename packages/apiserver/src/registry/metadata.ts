import { randomUUID } from 'node:crypto';
import type { KubeObject } from '@coracle/api/kind';
import { now } from '@coracle/api/meta/time';
import type { ObjectMeta } from '@coracle/api/types/meta/v1';

/** Takes off what the server alone says, before anybody comes to manage it. */
export function wipeSystemFields({ metadata }: KubeObject): void {
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
  metadata.creationTimestamp ||= old.metadata.creationTimestamp;
  delete metadata.selfLink;
  setOrDelete(metadata, 'generation', old.metadata.generation);
  if (old.metadata.deletionTimestamp) {
    metadata.deletionTimestamp = old.metadata.deletionTimestamp;
    setOrDelete(metadata, 'deletionGracePeriodSeconds', old.metadata.deletionGracePeriodSeconds);
  } else {
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
  }
}

function setOrDelete<K extends keyof ObjectMeta>(metadata: ObjectMeta, field: K, value: ObjectMeta[K]): void {
  if (value === undefined) delete metadata[field];
  else metadata[field] = value;
}
