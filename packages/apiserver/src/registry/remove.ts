import type { KubeObject } from '@coracle/api/kind';
import { conflict, notFoundError } from '@coracle/api/meta/status';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';
import type { CachedObject } from '../storage/cached-object.ts';
import { relativeKey } from '../storage/keys.ts';
import { mutate, validate, type Write } from './admission.ts';
import { sameObject } from './change.ts';
import { deletionStep, propagationOf } from './deletion.ts';
import { Overtaken, type Writer } from './writer.ts';

/** The answer to a delete. `removed`: it is gone, and `object` is how it looked last. */
export interface Deleted {
  removed: boolean;
  object: CachedObject;
}

/** Deletes an object, or begins to. Throws NotFound, Conflict (preconditions) and what plugins throw. */
export function removeObject(
  writer: Writer,
  place: { name: string; namespace: string },
  options: DeleteOptions,
  write: Write,
): Promise<Deleted> {
  const { kind, hooks } = writer;
  const key = relativeKey(place.name, place.namespace);
  const orphaning = kind.orphansDependents?.warning;
  if (orphaning !== undefined && propagationOf(options) === undefined) write.warn(orphaning);
  return writer.untilWritten(key, write, async (current) => {
    if (!current) throw notFoundError(writer.named, place.name);
    const old = current.decode(kind);
    checkPreconditions(writer, place.name, old, options);
    const attributes = writer.attributes(write, 'DELETE', undefined, old, place);
    await mutate(write.plugins, attributes);
    await validate(write.plugins, attributes);
    const context = writer.context(write);
    await hooks.beforeDelete?.(old, context);
    const step = deletionStep(kind, current.decode(kind), options, writer.isHeldBack(old));
    if (step.kind === 'pending') return { removed: false, object: current };
    const removed = step.kind === 'remove';
    if (!removed) hooks.onMarkedForDeletion?.(step.object);
    const encoded = await writer.encode(step.object);
    if (write.dryRun) return { removed, object: writer.show(encoded, current.revision) };
    if (!removed && sameObject(step.object, old)) return { removed, object: current };
    const result = await writer.asked(
      write,
      removed ? writer.remove(key, encoded, current.revision) : writer.put(key, encoded, current.revision),
    );
    if (result instanceof Overtaken) return result;
    if (removed && !writer.isAssumed(result)) await hooks.afterDelete?.(step.object, context);
    return { removed, object: result };
  });
}

function checkPreconditions(writer: Writer, name: string, old: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid = '', resourceVersion = '' } = old.metadata;
  // These texts name the kind, not the resource.
  const named = { group: writer.kind.group, resource: writer.kind.kind };
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    const detail = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(named, name, detail);
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    const detail = `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict(named, name, detail);
  }
}
