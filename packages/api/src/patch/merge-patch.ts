import { clone, deepEqual, isObject, setOwn } from '../meta/object.ts';

type Json = Record<string, unknown>;

/**
 * Applies a JSON merge patch (RFC 7386) and returns the changed document; neither argument is changed. null deletes a key, an
 * object merges, anything else replaces.
 */
export function applyMergePatch<T>(document: T, patch: unknown): T {
  return merged(document, patch) as T;
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return pruned(patch);
  const out: Json = {};
  const before: Json = isObject(target) ? target : {};
  for (const key in before) {
    if (!Object.hasOwn(patch, key)) setOwn(out, key, clone(before[key]));
    else if (!isDeletion(patch[key])) setOwn(out, key, merged(before[key], patch[key]));
  }
  for (const key in patch) {
    if (!Object.hasOwn(before, key) && !isDeletion(patch[key])) setOwn(out, key, merged(undefined, patch[key]));
  }
  return out;
}

const isDeletion = (value: unknown): boolean => value === null || value === undefined;

/** A replacement value; as upstream, nulls delete keys of objects in its lists too, where there is nothing to delete. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const key in value) if (value[key] !== null) setOwn(out, key, pruned(value[key]));
  return out;
}

/** The merge patch that turns `from` into `to`; `{}` when they are equal. A null inside `to` cannot be expressed and reads as absent. */
export function createMergePatch(from: unknown, to: unknown): unknown {
  if (!isObject(from) || !isObject(to)) return clone(to);
  const patch: Json = {};
  for (const key in to) {
    const value = to[key];
    if (value === undefined) continue;
    if (!Object.hasOwn(from, key)) setOwn(patch, key, clone(value));
    else if (isObject(value) && isObject(from[key])) {
      const inner = createMergePatch(from[key], value) as Json;
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner);
    } else if (!deepEqual(from[key], value)) setOwn(patch, key, clone(value));
  }
  for (const key in from) {
    if (from[key] !== undefined && (!Object.hasOwn(to, key) || to[key] === undefined)) setOwn(patch, key, null);
  }
  return patch;
}

/**
 * The merge patch of `kubectl apply` for a kind without a field table: changes and additions come from comparing `current` with
 * `modified`, deletions from comparing `original` (what was applied last) with `modified`.
 */
export function createThreeWayMergePatch(original: unknown, modified: unknown, current: unknown): unknown {
  const additions = withoutNulls(createMergePatch(current, modified));
  const deletions = onlyNulls(createMergePatch(original ?? {}, modified));
  return combined(deletions ?? {}, additions);
}

/** A patch without its deletions. */
function withoutNulls(patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const out: Json = {};
  for (const key in patch) {
    const value = patch[key];
    if (value === null) continue;
    const kept = withoutNulls(value);
    // An object that only deleted says nothing any more; one that was empty is itself a change.
    if (isObject(value) && Object.keys(value).length > 0 && Object.keys(kept as Json).length === 0) continue;
    setOwn(out, key, kept);
  }
  return out;
}

/** A patch's deletions alone; undefined when it has none. */
function onlyNulls(patch: unknown): unknown {
  if (!isObject(patch)) return undefined;
  const out: Json = {};
  for (const key in patch) {
    const kept = patch[key] === null ? null : onlyNulls(patch[key]);
    if (kept !== undefined) setOwn(out, key, kept);
  }
  return Object.keys(out).length > 0 ? out : undefined;
}

/** Both patches as one; where they meet, the second wins. */
function combined(first: unknown, second: unknown): unknown {
  if (!isObject(first) || !isObject(second)) return second;
  const out: Json = { ...first };
  for (const key in second) setOwn(out, key, Object.hasOwn(out, key) ? combined(out[key], second[key]) : second[key]);
  return out;
}
