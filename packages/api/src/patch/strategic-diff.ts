import { clone, deepEqual, isObject, setOwn } from '../meta/object.ts';
import type { Schema } from '../schema.ts';
import {
  deleteFromListPrefix,
  directive,
  elementOrderPrefix,
  elementShape,
  type Json,
  lookup,
  noMergeKey,
  type PatchField,
  retainKeysDirective,
  StrategicPatchError,
  shapeOf,
} from './strategic-lookup.ts';
import { counterpart, Positions, sortedBy } from './strategic-order.ts';

/** Which differences make it into a patch. */
export interface DiffOptions {
  readonly additions: boolean;
  readonly deletions: boolean;
  /** Whether the patch states the order of merged lists. */
  readonly order: boolean;
}

/** The strategic merge patch from `original` to `modified`; shares no value with them. */
export function diffMaps(
  original: Json,
  modified: Json,
  schema: Schema,
  options: DiffOptions,
  retainKeys = false,
): Json {
  const patch: Json = {};
  for (const key in modified) {
    const to = modified[key];
    if (!Object.hasOwn(original, key)) {
      if (options.additions) setOwn(patch, key, clone(to));
      continue;
    }
    const from = original[key];
    if (key === directive && from !== to) {
      throw new StrategicPatchError(`unable to diff: the patch directive changed from ${from} to ${to}`);
    }
    if (shapeOf(from) !== shapeOf(to)) {
      if (options.additions) setOwn(patch, key, clone(to));
    } else if (isObject(from)) {
      diffMapField(key, from, to as Json, patch, schema, options);
    } else if (Array.isArray(from)) {
      diffListField(key, from, to as unknown[], patch, schema, options);
    } else if (from !== to && options.additions) {
      setOwn(patch, key, to);
    }
  }
  let cleared = false;
  for (const key in original) {
    if (Object.hasOwn(modified, key)) continue;
    cleared = true;
    if (options.deletions) setOwn(patch, key, null);
  }
  const kept = Object.keys(modified).filter((key) => modified[key] !== null);
  if (retainKeys && kept.length > 0 && (Object.keys(patch).length > 0 || cleared))
    patch[retainKeysDirective] = kept.sort();
  return patch;
}

/** The field's metadata; a field the type does not have is no error as long as nothing changes in it. */
function fieldOf(key: string, from: unknown, to: unknown, schema: Schema): PatchField | undefined {
  try {
    return lookup(schema, key);
  } catch (error) {
    if (deepEqual(from, to)) return undefined;
    throw error;
  }
}

function diffMapField(key: string, from: Json, to: Json, patch: Json, schema: Schema, options: DiffOptions): void {
  const field = fieldOf(key, from, to, schema);
  if (!field) return;
  if (field.strategy === 'replace') {
    if (options.additions && !deepEqual(from, to)) setOwn(patch, key, clone(to));
    return;
  }
  const inner = diffMaps(from, to, field.schema, options, field.retainKeys);
  if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
}

function diffListField(
  key: string,
  from: unknown[],
  to: unknown[],
  patch: Json,
  schema: Schema,
  options: DiffOptions,
): void {
  const field = fieldOf(key, from, to, schema);
  if (!field) return;
  if (field.strategy !== 'merge') {
    if (options.additions && !deepEqual(from, to)) setOwn(patch, key, clone(to));
    return;
  }
  if (from.length === 0) {
    if (to.length > 0 && options.additions) setOwn(patch, key, clone(to));
    return;
  }
  const { changes, gone, order } =
    elementShape(from, to) === 'map'
      ? diffItems(from as Json[], to as Json[], field, options)
      : diffScalars(from, to, options);
  if (changes.length > 0) setOwn(patch, key, clone(changes));
  if (gone.length > 0) setOwn(patch, deleteFromListPrefix + key, clone(gone));
  if (order.length > 0) setOwn(patch, elementOrderPrefix + key, clone(order));
}

interface ListDiff {
  /** Items to add or merge, and for maps those to delete. */
  changes: unknown[];
  /** Scalars to delete. */
  gone: unknown[];
  /** The whole list's order; empty where it need not be said. */
  order: unknown[];
}

function diffScalars(from: readonly unknown[], to: readonly unknown[], options: DiffOptions): ListDiff {
  const without = (list: readonly unknown[], other: readonly unknown[]): unknown[] => [
    ...new Set(list.filter((item) => !other.includes(item))),
  ];
  const changes = options.additions ? without(to, from) : [];
  const gone = options.deletions ? without(from, to).sort() : [];
  const differs = (options.deletions && gone.length > 0) || (options.additions && !deepEqual(from, to));
  return { changes, gone, order: options.order && differs ? [...to] : [] };
}

function diffItems(from: readonly Json[], to: readonly Json[], field: PatchField, options: DiffOptions): ListDiff {
  const { mergeKey } = field;
  const changes: Json[] = [];
  const deletions: Json[] = [];
  for (const [i, item] of to.entries()) {
    const at = counterpart(from, to, i, mergeKey);
    if (at < 0) {
      if (options.additions) changes.push(item);
      continue;
    }
    const inner = diffMaps(from[at]!, item, field.schema, options, field.retainKeys);
    if (Object.keys(inner).length > 0) changes.push({ ...inner, [mergeKey]: item[mergeKey] });
  }
  if (options.deletions) {
    const wanted = new Positions(to, mergeKey);
    for (const item of from) {
      if (wanted.of(item) < 0) deletions.push({ [directive]: 'delete', [mergeKey]: item[mergeKey] });
    }
    deletions.sort((a, b) => (String(a[mergeKey]) < String(b[mergeKey]) ? -1 : 1));
  }
  const all = [...sortedBy(changes, to, mergeKey), ...deletions];
  const sameOrder = from.length === to.length && from.every((item, i) => deepEqual(item[mergeKey], to[i]![mergeKey]));
  const differs = (options.additions && (all.length > 0 || !sameOrder)) || (options.deletions && all.length > 0);
  const order = options.order && differs ? to.map((item) => keyOnly(item, mergeKey)) : [];
  return { changes: all, gone: [], order };
}

function keyOnly(item: Json, mergeKey: string): Json {
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return { [mergeKey]: item[mergeKey] };
}
