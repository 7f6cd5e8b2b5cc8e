import { typeName } from '../check/type.ts';
import {
  Duration,
  type ListIdentity,
  ListValue,
  MapValue,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  UInt,
  type Value,
} from '../values.ts';

/** Whether two values are equal, as `==` has it: numbers by value whatever their type, values of different types never. */
export function equal(a: Value, b: Value): boolean {
  if (isNumber(a) || isNumber(b)) return isNumber(a) && isNumber(b) && compareNumbers(a, b) === 0;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (a instanceof ListValue) return b instanceof ListValue && equalLists(a, b);
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && typeName(a.type) === typeName(b.type);
  if (a instanceof Optional) {
    if (!(b instanceof Optional)) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equal(a.value, b.value);
  }
  return a instanceof Opaque && b instanceof Opaque && typeName(a.type) === typeName(b.type) && a.equals(b);
}

function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.size !== b.size) return false;
  const identity = a.identity ?? b.identity;
  if (!identity) {
    for (let i = 0; i < a.size; i++) if (!equal(a.at(i), b.at(i))) return false;
    return true;
  }
  return equalInAnyOrder(a, b, identity);
}

/** Sets and associative lists are equal in any order: all of `b` are in `a`. */
function equalInAnyOrder(a: ListValue, b: ListValue, identity: ListIdentity): boolean {
  const find = finder(a, identity, equal);
  for (const other of b) if (find(other) === undefined) return false;
  return true;
}

/**
 * Finds the first of the items of a set or an associative list that is the `same` as another one, which at least has its value or its keys; looks only
 * where it can be, so that it takes no time to speak of in long lists.
 */
export function finder(
  items: Iterable<Value>,
  identity: ListIdentity,
  same: (item: Value, other: Value) => boolean,
): (other: Value) => Value | undefined {
  const places = new Map<unknown, Value[]>();
  for (const item of items) {
    const mark = markOf(item, identity);
    const there = places.get(mark);
    if (there) there.push(item);
    else places.set(mark, [item]);
  }
  return (other) => places.get(markOf(other, identity))?.find((item) => same(item, other));
}

/** What items that are equal, or have equal keys, have in common. */
function markOf(item: Value, identity: ListIdentity): unknown {
  if (identity.is === 'set' || !(item instanceof MapValue)) return plainMark(item);
  return JSON.stringify(identity.keys.map((key) => plainMark(item.get(key) ?? null)));
}

function plainMark(value: Value): string | number | boolean {
  if (isNumber(value)) return Number(value instanceof UInt ? value.value : value);
  return typeof value === 'string' || typeof value === 'boolean' ? value : typeof value;
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const other = b.get(key);
    if (other === undefined || !equal(a.get(key)!, other)) return false;
  }
  return true;
}

type Numeric = bigint | number | UInt;

export const isNumber = (value: Value): value is Numeric =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof UInt;

/** Order of numbers of any types; NaN (unordered, as upstream gives undefined here) is equal to nothing. */
export function compareNumbers(a: Numeric, b: Numeric): number | undefined {
  const left = a instanceof UInt ? a.value : a;
  const right = b instanceof UInt ? b.value : b;
  // JavaScript compares bigint and number exactly.
  return left < right ? -1 : left > right ? 1 : left >= right ? 0 : undefined;
}

/** Order of bytes: by the first that differs, then by length. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/** Order of strings by code points, as Go compares UTF-8. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return above(left) - above(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all other units. */
const above = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
