import type { KubeObject } from '@coracle/api/kind';
import { generateName } from '@coracle/api/meta/names';
import { clone } from '@coracle/api/meta/object';
import {
  alreadyExists,
  forbiddenError,
  generateNameConflict,
  isAlreadyExists,
  StatusError,
} from '@coracle/api/meta/status';
import { validateCreate } from '@coracle/api/validate';
import type { CachedObject } from '../storage/cached-object.ts';
import { relativeKey } from '../storage/keys.ts';
import type { StoredEntry } from '../storage/store.ts';
import { mutate, validated, type Write } from './admission.ts';
import { recordManager } from './field-management.ts';
import { dropRepeatedOwners, stampNew, wipeSystemFields } from './metadata.ts';
import { placeInNamespace } from './place.ts';
import { refuseVast } from './size-limit.ts';
import { hasGeneration } from './update.ts';
import { Overtaken, type Writer } from './writer.ts';

const generatedNameAttempts = 8;

/** Creates an object; `draft` is decoded and defaulted, and owned by this call. Throws AlreadyExists, Invalid and what plugins throw. */
export async function createObject(writer: Writer, draft: KubeObject, write: Write): Promise<CachedObject> {
  const { generateName: base, name } = draft.metadata;
  if (name || !base) return createOnce(writer, draft, write);
  for (let attempt = 1; ; attempt++) {
    const generated = generateName(base);
    try {
      return await createOnce(writer, clone(draft), write, generated);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      if (attempt === generatedNameAttempts) throw generateNameConflict(writer.named, generated);
    }
  }
}

async function createOnce(writer: Writer, draft: KubeObject, write: Write, generated?: string): Promise<CachedObject> {
  const { kind, hooks } = writer;
  const place = { name: draft.metadata.name ?? '', namespace: draft.metadata.namespace ?? '' };
  const closed = kind.dynamic?.closed();
  if (closed !== undefined) throw forbiddenError(writer.named, place.name, closed);
  if (write.received !== undefined) refuseVast(draft);
  wipeSystemFields(draft);
  if (write.verb !== 'patch') dropRepeatedOwners(draft, write.warn);
  recordManager(writer, draft, undefined, write);
  const attributes = writer.attributes(write, 'CREATE', draft, undefined, place);
  await mutate(write.plugins, attributes);
  const object = attributes.object!;
  placeInNamespace({ kind, namespace: place.namespace }, object);
  dropRepeatedOwners(object, write.warn, ' after mutating admission happens');
  kind.defaults?.(object);
  if (generated !== undefined) object.metadata.name = generated;
  if (kind.subresources?.status && !kind.keepsStatusOnCreate) delete (object as { status?: unknown }).status;
  stampNew(object, hasGeneration(kind));
  kind.prepareForCreate?.(object, write.warn);
  const context = writer.context(write);
  const release = await hooks.beforeCreate?.(object, context);
  let created: CachedObject | undefined;
  try {
    await writer.check(object, undefined, write, context, (beforehand) => validateCreate(kind, object, beforehand));
    for (const text of kind.warnings?.(object, undefined, '') ?? []) write.warn(text);
    const name = object.metadata.name!;
    const final = writer.attributes(write, 'CREATE', object, undefined, { ...place, name });
    const key = relativeKey(name, object.metadata.namespace);
    const put = async (): Promise<CachedObject> => {
      // A status that was dropped comes back as its default, as everything the store holds is read.
      if (kind.dynamic && kind.subresources?.status) kind.defaults?.(object);
      const encoded = await writer.encode(object);
      if (write.dryRun) {
        const there = await writer.asked(write, writer.entry(key));
        if (there) throw taken(writer, name, there);
        return writer.show(encoded, 0);
      }
      const result = await writer.asked(write, writer.put(key, encoded, 0));
      if (result instanceof Overtaken) throw taken(writer, name, result.current);
      return result;
    };
    const result = await validated(write.plugins, final, put, () => true);
    if (write.dryRun) return result;
    created = result;
  } finally {
    if (!created) await release?.();
  }
  await hooks.afterCreate?.(object, context);
  return created;
}

/** The 409 for a name that is taken, which may soon be free. */
function taken(writer: Writer, name: string, there: StoredEntry | undefined): StatusError {
  const error = alreadyExists(writer.named, name);
  if (!there || there.fault) return error;
  const { metadata } = JSON.parse(there.value.toString()) as KubeObject;
  if (!metadata.deletionTimestamp) return error;
  return new StatusError({ ...error.status, message: `object is being deleted: ${error.message}` });
}
