import { formatYaml } from '../codec/yaml-print.ts';
import { clone, isObject } from '../meta/object.ts';
import type { ObjectSchema } from '../schema.ts';
import { mapsConflict } from './strategic-conflict.ts';
import { diffMaps } from './strategic-diff.ts';
import { type Json, StrategicPatchError } from './strategic-lookup.ts';
import { mergeMaps } from './strategic-merge.ts';

export { StrategicPatchError } from './strategic-lookup.ts';

/** `current` and `original` were changed differently, and overwriting was not allowed. */
export class StrategicConflictError extends StrategicPatchError {}

function object(value: unknown): Json {
  if (!isObject(value)) throw new StrategicPatchError('invalid JSON document');
  return value;
}

/**
 * Applies a strategic merge patch to a document of the given type and returns the result; neither argument is changed. Lists with a
 * merge key merge item by item, `$patch`, `$deleteFromPrimitiveList`, `$setElementOrder` and `$retainKeys` are carried out. Throws
 * StrategicPatchError.
 */
export function applyStrategicPatch<T>(document: T, patch: unknown, schema: ObjectSchema): T {
  return mergeMaps(clone(object(document)), clone(object(patch)), schema, 'document') as T;
}

/** The strategic merge patch that turns `original` into `modified`. */
export function createTwoWayStrategicPatch(original: unknown, modified: unknown, schema: ObjectSchema): Json {
  return diffMaps(object(original), object(modified), schema, { additions: true, deletions: true, order: true });
}

/**
 * The strategic merge patch of `kubectl apply`: what differs between `current` and `modified`, without deletions, and the
 * deletions from `original` (what was applied last) to `modified`. Unless `overwrite` is set, throws StrategicConflictError where
 * the patch would undo what somebody else changed since `original`.
 */
export function createThreeWayStrategicPatch(
  original: unknown,
  modified: unknown,
  current: unknown,
  schema: ObjectSchema,
  { overwrite = true }: { overwrite?: boolean } = {},
): Json {
  const was = object(original ?? {});
  const wanted = object(modified);
  const is = object(current);
  const delta = diffMaps(is, wanted, schema, { additions: true, deletions: false, order: true });
  const deletions = diffMaps(was, wanted, schema, { additions: false, deletions: true, order: true });
  const patch = mergeMaps(deletions, delta, schema, 'patch');
  if (!overwrite) {
    const changed = diffMaps(was, is, schema, { additions: true, deletions: true, order: false });
    if (mapsConflict(patch, changed, schema)) {
      throw new StrategicConflictError(
        `patch:\n${formatYaml(patch)}\nconflicts with changes made from original to current:\n${formatYaml(changed)}\n`,
      );
    }
  }
  return patch;
}
