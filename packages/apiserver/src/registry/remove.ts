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
    if (!removed) hooks.onMarkedForDeletion?.(step.object, old);
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

function checkPreconditions(
  { kind, hooks, named }: Writer,
  name: string,
  old: KubeObject,
  { preconditions }: DeleteOptions,
): void {
  const { uid = '', resourceVersion = '' } = old.metadata;
  // What has a way of its own to be deleted says this in words of its own; elsewhere the texts name the kind, not the resource.
  const isOwn = hooks.onMarkedForDeletion !== undefined;
  const of = isOwn ? named : { group: kind.group, resource: kind.kind };
  const check = (field: string, wanted: string | undefined, there: string, became: string) => {
    if (wanted === undefined || wanted === there) return;
    const detail = isOwn
      ? `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${there}`
      : `the ${field} in the precondition (${wanted}) does not match the ${field} in record (${there}). The object might have been ${became}`;
    throw conflict(of, name, detail);
  };
  check('UID', preconditions?.uid, uid, 'deleted and then recreated');
  check('ResourceVersion', preconditions?.resourceVersion, resourceVersion, 'modified');
}
