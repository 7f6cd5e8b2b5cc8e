import { deepEqual, isObject } from '../meta/object.ts';
import type { Schema } from '../schema.ts';
import {
  directive,
  elementShape,
  type Json,
  lookup,
  type PatchField,
  retainKeysDirective,
} from './strategic-lookup.ts';
import { Positions } from './strategic-order.ts';

/** Whether two patches want different things of one field. */
export function mapsConflict(left: Json, right: Json, schema: Schema): boolean {
  for (const key in left) {
    if (key === directive || key === retainKeysDirective || !Object.hasOwn(right, key)) continue;
    const a = left[key];
    const b = right[key];
    if (!isObject(a) && !Array.isArray(a)) {
      if (!deepEqual(a, b)) return true;
    } else if (valuesConflict(a, b, key.startsWith('$') ? undefined : lookup(schema, key), schema)) {
      return true;
    }
  }
  return false;
}

function valuesConflict(left: unknown, right: unknown, field: PatchField | undefined, schema: Schema): boolean {
  if (isObject(left)) {
    if (!isObject(right)) return true;
    // An instruction is for the whole map: it disagrees with anything but itself.
    if (left[directive] !== right[directive]) return true;
    return field?.strategy === 'replace' ? false : mapsConflict(left, right, field?.schema ?? schema);
  }
  if (!Array.isArray(left)) return !deepEqual(left, right);
  if (!Array.isArray(right)) return true;
  return listsConflict(left, right, field, schema);
}

function listsConflict(left: unknown[], right: unknown[], field: PatchField | undefined, schema: Schema): boolean {
  const shape = elementShape(left, right);
  if (field?.strategy === 'merge') {
    // Scalars merge as sets: adding and removing never disagree.
    if (shape === 'scalar') return false;
    const positions = new Positions(right, field.mergeKey);
    return (left as Json[]).some((item) => {
      const at = positions.of(item);
      return at >= 0 && valuesConflict(item, right[at], { ...field, strategy: '' }, schema);
    });
  }
  if (left.length !== right.length) return true;
  if (shape === 'scalar') return !deepEqual([...left].sort(), [...right].sort());
  const inner = field ? { ...field, strategy: '' as const } : undefined;
  return left.some((item, i) => valuesConflict(item, right[i], inner, schema));
}
