import { clone, deepEqual, isObject, setOwn } from '../meta/object.ts';
import type { Schema } from '../schema.ts';
import {
  badPatchType,
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
import { checkElementOrder, inOrder, Positions, partition } from './strategic-order.ts';

/**
 * What the result is: a document (instructions are carried out and gone, nulls delete) or again a patch (both sides are patches;
 * instructions and nulls of both are kept).
 */
export type MergeResult = 'document' | 'patch';

/** Merges `patch` into `original`, both of which it changes and returns one of: callers pass copies. */
export function mergeMaps(original: Json, patch: Json, schema: Schema, result: MergeResult): Json {
  if (Object.hasOwn(patch, directive)) {
    const instruction = patch[directive];
    if (instruction === 'replace') {
      delete patch[directive];
      return patch;
    }
    if (instruction === 'delete') return {};
    throw badPatchType(instruction, patch);
  }
  retainKeys(original, patch, result);
  mergeOrderedLists(original, patch, schema, result);
  for (const key of Object.keys(patch)) {
    const deletes = key.startsWith(deleteFromListPrefix);
    if (deletes && result === 'patch') {
      setOwn(original, key, patch[key]);
      continue;
    }
    mergeKey(original, deletes ? key.slice(deleteFromListPrefix.length) : key, patch[key], deletes, schema, result);
  }
  return original;
}

function mergeKey(
  original: Json,
  key: string,
  value: unknown,
  deletes: boolean,
  schema: Schema,
  result: MergeResult,
): void {
  if (value === null) {
    delete original[key];
    if (result === 'document') return;
  }
  if (!Object.hasOwn(original, key) || shapeOf(original[key]) !== shapeOf(value)) {
    if (!deletes) setOwn(original, key, result === 'document' ? withoutInstructions(value) : value);
    return;
  }
  const from = original[key];
  if (Array.isArray(from)) {
    setOwn(original, key, mergeListField(from, value as unknown[], lookup(schema, key), deletes, result));
  } else if (isObject(from)) {
    const field = lookup(schema, key);
    const to = field.strategy === 'replace' ? value : mergeMaps(from, value as Json, field.schema, result);
    setOwn(original, key, to);
  } else {
    setOwn(original, key, value);
  }
}

function retainKeys(original: Json, patch: Json, result: MergeResult): void {
  const keep = patch[retainKeysDirective];
  if (keep === undefined) return;
  delete patch[retainKeysDirective];
  if (!Array.isArray(keep)) throw new StrategicPatchError('invalid patch format of retainKeys');
  const kept = new Set<unknown>(keep);
  if (result === 'patch') {
    const known = original[retainKeysDirective];
    if (known !== undefined && !deepEqual(known, keep))
      throw new StrategicPatchError('invalid patch format of retainKeys');
    original[retainKeysDirective] = keep;
    return;
  }
  for (const key of Object.keys(patch)) {
    const field = key.startsWith('$') ? key.slice(key.indexOf('/') + 1) : key;
    if (patch[key] !== null && !kept.has(field)) throw new StrategicPatchError('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(original)) if (!kept.has(key)) delete original[key];
}

/** Merges the lists whose order the patch states, and takes them out of the patch. */
function mergeOrderedLists(original: Json, patch: Json, schema: Schema, result: MergeResult): void {
  for (const orderKey of Object.keys(patch)) {
    if (!orderKey.startsWith(elementOrderPrefix)) continue;
    const order = patch[orderKey];
    const key = orderKey.slice(elementOrderPrefix.length);
    if (!Array.isArray(order)) throw new StrategicPatchError('invalid patch format of setElementOrder list');
    if (result === 'patch') {
      const known = original[orderKey];
      if (known !== undefined && !deepEqual(known, order)) {
        throw new StrategicPatchError('invalid patch format of setElementOrder list');
      }
      original[orderKey] = order;
    }
    delete patch[orderKey];
    const from = original[key];
    const to = patch[key];
    if ((to !== undefined && !Array.isArray(to)) || (from !== undefined && !Array.isArray(from))) continue;
    if (from === undefined && to === undefined) continue;
    const field = lookup(schema, key);
    checkElementOrder(to ?? [], order, field.mergeKey);
    const list = mergedList(from, to, field, result);
    const { named, others } = partition(list, order, field.mergeKey);
    setOwn(original, key, inOrder(named, others, order, from ?? [], field.mergeKey));
    delete patch[key];
  }
}

function mergedList(
  from: unknown[] | undefined,
  to: unknown[] | undefined,
  field: PatchField,
  result: MergeResult,
): unknown[] {
  if (to === undefined) return from!;
  if (from === undefined) return result === 'document' ? (withoutInstructions(to) as unknown[]) : to;
  return mergeListField([...from], to, field, false, result);
}

function mergeListField(
  from: unknown[],
  to: unknown[],
  field: PatchField,
  deletes: boolean,
  result: MergeResult,
): unknown[] {
  // Items named for deletion are deleted whatever the list's strategy is.
  if (field.strategy !== 'merge' && !deletes)
    return result === 'document' ? (withoutInstructions(to) as unknown[]) : to;
  if (from.length === 0 && to.length === 0) return from;
  const server = [...from];
  const shape = elementShape(from, to);
  let list: unknown[];
  if (shape === 'scalar') {
    if (deletes) {
      const gone = new Set(to);
      return from.filter((item) => !gone.has(item));
    }
    list = [...new Set([...from, ...to])];
  } else {
    if (field.mergeKey === '') {
      const name =
        field.schema.is === 'object' ? field.schema.name.slice(field.schema.name.lastIndexOf('.') + 1) : 'list';
      throw new StrategicPatchError(`cannot merge lists without merge key for ${name}`);
    }
    const { kept, patches } = instructedItems(from, to, field.mergeKey);
    list = mergeItems(kept, patches, field, result);
    to = patches;
  }
  const by = shape === 'scalar' ? '' : field.mergeKey;
  const { named, others } = partition(list, to, by);
  return inOrder(named, others, to, server, by);
}

/** Carries out `$patch` instructions of single items; returns what is left of both lists. */
function instructedItems(from: unknown[], to: unknown[], mergeKey: string): { kept: unknown[]; patches: Json[] } {
  const gone: unknown[] = [];
  let replace = false;
  const patches: Json[] = [];
  for (const item of to as Json[]) {
    const instruction = item[directive];
    switch (instruction) {
      case undefined:
        patches.push(item);
        break;
      case 'delete':
        if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
        gone.push(item[mergeKey]);
        break;
      case 'replace':
        // The other items replace the list; this one only says so.
        replace = true;
        break;
      case 'merge':
        throw new StrategicPatchError('merging lists cannot yet be specified in the patch');
      default:
        throw badPatchType(instruction, item);
    }
  }
  if (replace) return { kept: patches, patches: [] };
  const deleted = new Positions(gone, '');
  return { kept: from.filter((each) => deleted.of((each as Json)[mergeKey]) < 0), patches };
}

function mergeItems(from: unknown[], patches: readonly Json[], field: PatchField, result: MergeResult): unknown[] {
  const list = [...from];
  const positions = new Positions(list, field.mergeKey);
  for (const item of patches) {
    const at = positions.of(item);
    if (at < 0) {
      const added = result === 'document' ? withoutInstructions(item) : item;
      list.push(added);
      positions.add(added);
    } else list[at] = mergeMaps(list[at] as Json, clone(item), field.schema, result);
  }
  return list;
}

/** A part of a patch that meets nothing in the document: its instructions have nothing to act on, its nulls nothing to delete. */
export function withoutInstructions(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !(isObject(item) && item[directive] !== undefined)).map(withoutInstructions);
  }
  if (!isObject(value)) return value;
  const out: Json = {};
  for (const key in value) {
    if (value[key] === null || key === directive || key === retainKeysDirective) continue;
    if (key.startsWith(elementOrderPrefix) || key.startsWith(deleteFromListPrefix)) continue;
    setOwn(out, key, withoutInstructions(value[key]));
  }
  return out;
}
