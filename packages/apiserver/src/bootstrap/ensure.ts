import type { Kind, KubeObject } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { ObjectAccess } from '../registry/access.ts';

/**
 * Creates an object, or brings what `owned` picks of it to what is wanted; other servers may be doing the same. `wanted` is asked once
 * more, given the object there is, when that has to change.
 */
export async function ensure<T extends KubeObject>(
  objects: ObjectAccess,
  kind: Kind<T>,
  wanted: (current: T | undefined) => T | Promise<T>,
  owned: (it: T) => unknown,
): Promise<void> {
  const first = await wanted(undefined);
  const name = first.metadata.name!;
  const { namespace } = first.metadata;
  const current = objects.cached(kind, name, namespace);
  const same = async (it: T) => deepEqual(owned(it), owned(await wanted(it)));
  if (current && (await same(current))) return;
  if (!current) {
    try {
      await objects.create(kind, first);
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }
  await objects.update(kind, name, namespace, async (it) => {
    if (await same(it)) return undefined;
    const { metadata: _, apiVersion: _version, kind: _kind, ...content } = await wanted(it);
    return { ...it, ...content };
  });
}
