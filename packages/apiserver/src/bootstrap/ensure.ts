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
  await createOrBring(objects, kind, await wanted(undefined), async (it) => {
    const next = await wanted(it);
    if (deepEqual(owned(it), owned(next))) return undefined;
    const { metadata: _, apiVersion: _version, kind: _kind, ...content } = next;
    return { ...it, ...content };
  });
}

/**
 * Creates an object, or brings the one there is up to date; other servers may be doing the same. `upToDate` gives an object as it has to be,
 * undefined where it is so, and may be asked several times.
 */
export async function createOrBring<T extends KubeObject>(
  objects: ObjectAccess,
  kind: Kind<T>,
  first: T,
  upToDate: (current: T) => T | undefined | Promise<T | undefined>,
  options: { fieldManager?: string } = {},
): Promise<void> {
  const { name = '', namespace } = first.metadata;
  const current = objects.cached(kind, name, namespace);
  if (current && !(await upToDate(current))) return;
  if (!current) {
    try {
      await objects.create(kind, first, options);
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }
  await objects.update(kind, name, namespace, upToDate, options);
}
