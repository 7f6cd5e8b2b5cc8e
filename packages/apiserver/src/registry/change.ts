import type { KubeObject } from '@coracle/api/kind';
import { findErrors, invalid, Path } from '@coracle/api/meta/field-path';
import { deepEqual } from '@coracle/api/meta/object';
import { conflict, invalidObject, isAlreadyExists, notFoundError, type StatusError } from '@coracle/api/meta/status';
import { validateMetadataUpdate } from '@coracle/api/meta/validate-metadata';
import { keepUnchangedTimes } from '@coracle/api/patch/apply';
import type { CachedObject } from '../storage/cached-object.ts';
import { relativeKey } from '../storage/keys.ts';
import { mutate, validated, type Write } from './admission.ts';
import { createObject } from './create.ts';
import { finishesDeletion } from './deletion.ts';
import { recordManager } from './field-management.ts';
import { carryOver, dropRepeatedOwners } from './metadata.ts';
import { placeInNamespace } from './place.ts';
import { refuseVast } from './size-limit.ts';
import { prepareForUpdate, validateChange } from './update.ts';
import { Overtaken, type Writer } from './writer.ts';

/** What an update makes of the object there is; undefined: there is none. */
export type MakeNew = (current: KubeObject | undefined) => Promise<KubeObject | undefined> | KubeObject | undefined;

/** The answer to an update. */
export interface Changed {
  object: CachedObject;
  created: boolean;
}

/**
 * Changes an object: `makeNew` gets what there is and returns what shall be (it may be called again when the write meets another;
 * undefined leaves things alone). Creates it where `makeNew` accepts undefined. Throws NotFound, Conflict, Invalid and what plugins
 * throw.
 */
export function changeObject(
  writer: Writer,
  place: { name: string; namespace: string },
  makeNew: MakeNew,
  write: Write,
): Promise<Changed> {
  const key = relativeKey(place.name, place.namespace);
  return writer.untilWritten(key, write, async (current) => {
    if (!current) return createMissing(writer, key, await makeNew(undefined), write, place.name);
    const old = current.decode(writer.kind);
    const wanted = await makeNew(current.decode(writer.kind));
    if (!wanted) return { object: current, created: false };
    checkPreconditions(writer, place.name, key, wanted, old, write);
    const result = await overwrite(writer, key, place, current, old, wanted, write);
    return result instanceof Overtaken ? result : { object: result, created: false };
  });
}

async function createMissing(
  writer: Writer,
  key: string,
  wanted: KubeObject | undefined,
  write: Write,
  name: string,
): Promise<Changed | Overtaken> {
  if (!wanted) throw notFoundError(writer.named, name);
  if (wanted.metadata.uid) throw otherObject(writer, name, key, wanted.metadata.uid, '');
  delete wanted.metadata.resourceVersion;
  try {
    return { object: await createObject(writer, wanted, write), created: true };
  } catch (error) {
    // Somebody created it meanwhile: then this is an update after all.
    if (!isAlreadyExists(error) || write.dryRun) throw error;
    return new Overtaken(await writer.asked(write, writer.entry(key)));
  }
}

async function overwrite(
  writer: Writer,
  key: string,
  place: { name: string; namespace: string },
  current: CachedObject,
  old: KubeObject,
  wanted: KubeObject,
  write: Write,
): Promise<CachedObject | Overtaken> {
  const { kind, hooks } = writer;
  const view = hooks.views?.[write.subresource];
  if (write.received !== undefined) refuseVast(wanted);
  kind.defaults?.(wanted);
  carryOver(wanted, old);
  if (write.verb !== 'patch') dropRepeatedOwners(wanted, write.warn);
  if (!view?.unmanaged) recordManager(writer, wanted, old, write);
  const attributes = writer.attributes(write, 'UPDATE', wanted, old, place);
  await mutate(write.plugins, attributes);
  placeInNamespace({ kind, namespace: place.namespace }, attributes.object!);
  // Admission may say of another state that it is written over.
  checkRevision(writer, place.name, attributes.object!, old);
  dropRepeatedOwners(attributes.object!, write.warn, ' after mutating admission happens');
  kind.defaults?.(attributes.object!);
  const object = prepareForUpdate(kind, attributes.object!, old, write.subresource, view);
  const context = writer.context(write);
  const release = await hooks.beforeUpdate?.(object, old, context);
  let written: CachedObject | undefined;
  const finished = finishesDeletion(object, old, writer.isHeldBack(object));
  try {
    await writer.check(object, old, write, context, (beforehand) =>
      findErrors((at) => {
        const metadata = validateMetadataUpdate(object.metadata, old.metadata, at.child('metadata'));
        return [...metadata, ...validateChange(kind, object, old, write, at, { view, metadata })];
      }, beforehand),
    );
    for (const text of kind.warnings?.(object, old, write.subresource) ?? []) write.warn(text);
    const put = async (): Promise<CachedObject | Overtaken> => {
      keepUnchangedTimes(old, object);
      if (sameObject(object, old) && (write.dryRun || !(await writer.isStale(key)))) return current;
      const encoded = await writer.encode(object);
      if (write.dryRun) return writer.show(encoded, current.revision);
      return writer.asked(
        write,
        finished ? writer.remove(key, encoded, current.revision) : writer.put(key, encoded, current.revision),
      );
    };
    const final = writer.attributes(write, 'UPDATE', object, old, place);
    const isWritten = (result: CachedObject | Overtaken) => !(result instanceof Overtaken) && result !== current;
    const result = await validated(write.plugins, final, put, isWritten);
    if (result instanceof Overtaken || result === current || write.dryRun) return result;
    written = result;
  } finally {
    if (!written) await release?.();
  }
  if (writer.isAssumed(written)) return written;
  if (finished) await hooks.afterDelete?.(object, context);
  else await hooks.afterUpdate?.(object, old, context);
  return written;
}

function checkPreconditions(
  writer: Writer,
  name: string,
  key: string,
  wanted: KubeObject,
  old: KubeObject,
  write: Write,
): void {
  const { uid } = wanted.metadata;
  // To a patch the uid is a field like others, which validation finds immutable.
  if (uid && uid !== old.metadata.uid && write.verb !== 'patch')
    throw otherObject(writer, name, key, uid, old.metadata.uid ?? '');
  checkRevision(writer, name, wanted, old);
}

/** Throws where an object says of another state than `old` that it is written over, or of none where it must. */
function checkRevision(writer: Writer, name: string, wanted: KubeObject, old: KubeObject): void {
  const { resourceVersion: said } = wanted.metadata;
  const resourceVersion = said === '0' ? '' : said;
  if (!resourceVersion && writer.kind.allowUnconditionalUpdate === false) {
    // Said of the resource, not of the kind, as upstream's store knows no kinds.
    const { group, plural } = writer.kind;
    const error = invalid(new Path('metadata.resourceVersion'), 0, 'must be specified for an update');
    throw invalidObject({ group, kind: plural }, name, [error]);
  }
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(writer.named, name);
}

/** The 409 for who means another object of the name than there is. */
function otherObject(writer: Writer, name: string, key: string, wanted: string, there: string): StatusError {
  const problem = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${there}`;
  const where = `Code: 4, Key: ${writer.storeKey(key)}, ResourceVersion: 0`;
  return conflict(writer.named, name, `StorageError: invalid object, ${where}, AdditionalErrorMsg: ${problem}`);
}

/** Whether writing `object` over `old` would change nothing. */
export function sameObject(object: KubeObject, old: KubeObject): boolean {
  const { resourceVersion } = old.metadata;
  return deepEqual({ ...object, metadata: { ...object.metadata, resourceVersion } }, old);
}
