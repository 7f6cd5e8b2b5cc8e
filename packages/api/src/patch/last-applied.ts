import { encodeJson } from '../codec/json.ts';
import type { KubeObject } from '../kind.ts';
import { isObject, setOwn } from '../meta/object.ts';
import type { ObjectSchema } from '../schema.ts';
import type { Conflict } from './apply-conflict.ts';
import { difference, isEmptySet } from './field-set.ts';
import { typeErrors } from './typed-check.ts';
import { compareTyped } from './typed-compare.ts';
import { fieldsOf } from './typed-fields.ts';

/** Where kubectl's client-side apply keeps what it applied. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manager that may move an object from client-side to server-side apply. */
const migratingManager = 'kubectl';

/** The most that all annotations together may take, in bytes. */
const maxAnnotations = 256 * 1024;

function lastApplied(object: KubeObject): string | undefined {
  return object.metadata?.annotations?.[lastAppliedAnnotation];
}

/**
 * When kubectl applies server-side what it used to apply client-side, fields whose values are still those it applied last are its
 * own, whoever managed them: leaves only the conflicts about other fields.
 */
export function fieldsAfterLastApplied(
  conflicts: readonly Conflict[],
  live: KubeObject,
  request: { readonly manager: string; readonly schema: ObjectSchema },
): Conflict[] {
  const text = lastApplied(live);
  if (request.manager !== migratingManager || text === undefined) return [...conflicts];
  const known = parsed(text, request.schema);
  if (!known) return [...conflicts];
  // Fields of the annotation whose live value is still the applied one.
  const { changed } = compareTyped(live, known, request.schema);
  const unchanged = difference(fieldsOf(known, request.schema), changed);
  return conflicts
    .map(({ manager, fields }) => ({ manager, fields: difference(fields, unchanged) }))
    .filter(({ fields }) => !isEmptySet(fields));
}

/** An annotation anybody can write: what is no object of the type says nothing. */
function parsed(text: string, schema: ObjectSchema): KubeObject | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isObject(value) && typeErrors(value, schema).length === 0 ? (value as unknown as KubeObject) : undefined;
}

/** Keeps the annotation of an object that kubectl applies server-side up to date, so that going back to client-side apply works. */
export function refreshLastApplied(object: KubeObject, applied: KubeObject, manager: string): KubeObject {
  if (manager !== migratingManager || lastApplied(object) === undefined) return object;
  const { annotations, ...metadata } = applied.metadata;
  const { [lastAppliedAnnotation]: _, ...kept } = annotations ?? {};
  const shown = { ...applied, metadata: annotations ? { ...metadata, annotations: kept } : metadata };
  const text = `${encodeJson(inKeyOrder(shown))}\n`;
  const all = { ...object.metadata.annotations, [lastAppliedAnnotation]: text };
  const size = Object.entries(all).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (size > maxAnnotations) delete (all as Record<string, string>)[lastAppliedAnnotation];
  return { ...object, metadata: { ...object.metadata, annotations: all } };
}

/** The same value with the keys of its objects in order. */
function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) setOwn(out, key, inKeyOrder(value[key]));
  return out;
}
