import type { Kind, KubeObject } from '@coracle/api/kind';
import { clone } from '@coracle/api/meta/object';
import { isNotFound } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client';

/** Gives a living object a finalizer, and takes it off one that is being deleted; nothing where that is so already. */
export async function setProtection<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
  finalizer: string,
): Promise<void> {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer) === (deletionTimestamp === undefined)) return;
  const changed = clone(object);
  changed.metadata.finalizers = deletionTimestamp
    ? finalizers.filter((it) => it !== finalizer)
    : [...finalizers, finalizer];
  try {
    await client.update(kind, changed);
  } catch (error) {
    if (!isNotFound(error)) throw error; // gone: there is nothing to protect
  }
}
