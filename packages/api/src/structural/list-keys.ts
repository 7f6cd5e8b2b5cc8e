import { encodeJson } from '../codec/json.ts';
import { isObject } from '../meta/object.ts';

/** An item's keys as one text. */
export function keyOf(item: unknown, keys: readonly string[]): string {
  if (!isObject(item)) return encodeJson(item);
  return encodeJson(keys.map((key) => (Object.hasOwn(item, key) ? item[key] : null)));
}
