import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { isConflict, isInvalid, isNotFound, isUnsupportedMediaType } from '@coracle/api/meta/status';
import type { OwnerReference } from '@coracle/api/types/meta/v1';
import type { Client } from '@coracle/client';

/** Removes owner references by uid. An object that is gone needs nothing. */
export async function removeOwners(
  client: Client,
  kind: AnyKind,
  object: KubeObject,
  uids: readonly string[],
): Promise<void> {
  await changeOwners(client, kind, object, {
    strategic: uids.map((uid) => ({ $patch: 'delete', uid })),
    merged: (references) => references.filter(({ uid }) => !uids.includes(uid)),
  });
}

/** Lets the owners be deleted before the object. */
export async function unblockOwners(client: Client, kind: AnyKind, object: KubeObject): Promise<void> {
  const blocking = (object.metadata.ownerReferences ?? []).filter((each) => each.blockOwnerDeletion);
  if (blocking.length === 0) return;
  await changeOwners(client, kind, object, {
    strategic: blocking.map(({ uid }) => ({ uid, blockOwnerDeletion: false })),
    merged: (references) =>
      references.map((each) => (each.blockOwnerDeletion ? { ...each, blockOwnerDeletion: false } : each)),
  });
}

/** By strategic patch where the kind knows it; by a merge patch of the whole list, guarded by its version, where not. */
async function changeOwners(
  client: Client,
  kind: AnyKind,
  object: KubeObject,
  change: { strategic: unknown[]; merged: (references: readonly OwnerReference[]) => readonly OwnerReference[] },
): Promise<void> {
  const { name, namespace, uid, resourceVersion, ownerReferences = [] } = object.metadata;
  try {
    const body = { metadata: { ownerReferences: change.strategic, uid } };
    await client.patch(kind, name!, namespace, { type: 'strategic', body });
  } catch (error) {
    if (isGone(error)) return;
    if (!isUnsupportedMediaType(error)) throw error;
    const body = { metadata: { ownerReferences: change.merged(ownerReferences), resourceVersion } };
    await client.patch(kind, name!, namespace, { type: 'merge', body }).catch((second) => {
      if (!isGone(second)) throw second;
    });
  }
}

/** Gone, or replaced by another object of its name (whose uid differs from the patch's). */
const isGone = (error: unknown): boolean =>
  isNotFound(error) || (isInvalid(error) && /uid/.test((error as Error).message));

const finalizerTries = 5;

/** Removes a finalizer from an object that is being deleted, as it is now. */
export async function removeFinalizer(
  client: Client,
  kind: AnyKind,
  object: KubeObject,
  finalizer: string,
): Promise<void> {
  const { name, namespace, uid } = object.metadata;
  let current = object;
  for (let attempt = 1; ; attempt++) {
    const finalizers = current.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return;
    const { resourceVersion } = current.metadata;
    const body = { metadata: { resourceVersion, finalizers: finalizers.filter((each) => each !== finalizer) } };
    try {
      await client.patch(kind, name!, namespace, { type: 'merge', body });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || attempt === finalizerTries) throw error;
    }
    try {
      current = await client.get(kind, name!, namespace);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    if (current.metadata.uid !== uid) return;
  }
}
