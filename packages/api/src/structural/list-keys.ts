import { encodeJson } from '../codec/json.ts';
import { inKeyOrder, isObject } from '../meta/object.ts';

/** An item's keys as one text, those that it has; what is no object stands for itself. */
export function keyOf(item: unknown, keys: readonly string[]): string {
  return encodeJson(inKeyOrder(keysOf(item, keys)));
}

/** Of an item the keys that it has; what is no object stands for itself. */
export function keysOf(item: unknown, keys: readonly string[]): unknown {
  if (!isObject(item)) return item;
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]));
}
