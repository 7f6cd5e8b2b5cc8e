import { EvaluationError } from '../evaluate/failure.ts';
import { showValue } from '../evaluate/show.ts';
import { ArrayList, Duration, EntryMap, ListValue, lengthOf, MapValue, Optional, UInt, type Value } from '../values.ts';
import { type Library, overload } from './overload.ts';

/** Sizes, indices and what optional values and maps are made with. */
export const collections: Library = {
  size: [
    overload('size_string', '(string) int', (text: string) => BigInt(lengthOf(text))),
    overload('size_bytes', '(bytes) int', (bytes: Uint8Array) => BigInt(bytes.length)),
    overload('size_list', '(list(T)) int', (list: ListValue) => BigInt(list.size)),
    overload('size_map', '(map(K, V)) int', (map: MapValue) => BigInt(map.size)),
    overload('string_size', 'string.() int', (text: string) => BigInt(lengthOf(text))),
    overload('bytes_size', 'bytes.() int', (bytes: Uint8Array) => BigInt(bytes.length)),
    overload('list_size', 'list(T).() int', (list: ListValue) => BigInt(list.size)),
    overload('map_size', 'map(K, V).() int', (map: MapValue) => BigInt(map.size)),
  ],
  '_[_]': [
    overload('index_list', '(list(T), int) T', item),
    overload('index_map', '(map(K, V), K) V', entry),
    overload('optional_list_index_value', '(optional(list(T)), int) optional(T)', optionalIndex),
    overload('optional_map_index_value', '(optional(map(K, V)), K) optional(V)', optionalIndex),
  ],
  '_[?_]': [
    overload('list_optindex_optional_int', '(list(T), int) optional(T)', (list: ListValue, index: Value) =>
      optionalIndex(new Optional(list), index),
    ),
    overload('map_optindex_optional_value', '(map(K, V), K) optional(V)', (map: MapValue, key: Value) =>
      optionalIndex(new Optional(map), key),
    ),
    overload('optional_list_optindex_optional_int', '(optional(list(T)), int) optional(T)', optionalIndex),
    overload('optional_map_optindex_optional_value', '(optional(map(K, V)), K) optional(V)', optionalIndex),
  ],
  '_?._': [overload('select_optional_field', '(dyn, string) optional(V)', (value: Value) => value)],
  'optional.of': [overload('optional_of', '(V) optional(V)', (value: Value) => new Optional(value))],
  'optional.ofNonZeroValue': [
    overload('optional_ofNonZeroValue', '(V) optional(V)', (value: Value) =>
      isZero(value) ? Optional.none : new Optional(value),
    ),
  ],
  'optional.none': [overload('optional_none', '() optional(V)', () => Optional.none)],
  'optional.unwrap': [overload('optional_unwrap', '(list(optional(V))) list(V)', unwrap)],
  first: [overload('list_first', 'list(V).() optional(V)', (list: ListValue) => optionalIndex(new Optional(list), 0n))],
  last: [
    overload('list_last', 'list(V).() optional(V)', (list: ListValue) =>
      optionalIndex(new Optional(list), BigInt(list.size) - 1n),
    ),
  ],
  unwrapOpt: [overload('optional_unwrapOpt', 'list(optional(V)).() list(V)', unwrap)],
  hasValue: [
    overload('optional_hasValue', 'optional(V).() bool', (optional: Optional) => optional.value !== undefined),
  ],
  value: [
    overload('optional_value', 'optional(V).() V', ({ value }: Optional) => {
      if (value === undefined) throw new EvaluationError('optional.none() dereference');
      return value;
    }),
  ],
  or: [
    overload('optional_or_optional', 'optional(V).(optional(V)) optional(V)', (a: Optional, b: Optional) =>
      a.value === undefined ? b : a,
    ),
  ],
  orValue: [overload('optional_orValue_value', 'optional(V).(V) V', (a: Optional, b: Value) => a.value ?? b)],
  'cel.@mapInsert': [
    overload('@mapInsert_map_key_value', '(map(K, V), K, V) map(K, V)', (map: EntryMap, key: Value, value: Value) =>
      inserted(map, [[key, value]]),
    ),
    overload('@mapInsert_map_map', '(map(K, V), map(K, V)) map(K, V)', (map: EntryMap, other: MapValue) =>
      inserted(
        map,
        [...other.keys()].map((key) => [key, other.get(key)!]),
      ),
    ),
  ],
};

function item(list: ListValue, index: Value): Value {
  const position = index instanceof UInt ? index.value : typeof index === 'number' ? Number(index) : (index as bigint);
  if (position < 0 || position >= list.size) throw new EvaluationError(`index out of bounds: ${position}`);
  return list.at(Number(position));
}

function entry(map: MapValue, key: Value): Value {
  const found = map.get(key);
  if (found === undefined) throw new EvaluationError(`no such key: ${showValue(key)}`);
  return found;
}

function optionalIndex({ value }: Optional, key: Value): Value {
  let found: Value | undefined;
  if (value instanceof ListValue && typeof key === 'bigint') {
    found = key >= 0n && key < value.size ? value.at(Number(key)) : undefined;
  } else if (value instanceof MapValue) {
    found = value.get(key);
  }
  return found === undefined ? Optional.none : new Optional(found);
}

function unwrap(list: ListValue): Value {
  return new ArrayList(
    [...list].flatMap((each) => ((each as Optional).value === undefined ? [] : [(each as Optional).value!])),
  );
}

function inserted(map: MapValue, added: readonly (readonly [Value, Value])[]): Value {
  for (const [key] of added) {
    if (map.get(key) !== undefined) throw new EvaluationError(`insert failed: key ${showValue(key)} already exists`);
  }
  return new EntryMap([...[...map.keys()].map((key) => [key, map.get(key)!] as const), ...added]);
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true;
  if (value instanceof UInt) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Optional) return value.value === undefined;
  return false;
}
