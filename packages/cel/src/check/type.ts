import { Duration, ListValue, MapValue, Opaque, Optional, Timestamp, TypeValue, UInt, type Value } from '../values.ts';

export type PrimitiveName =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | 'timestamp'
  | 'duration';

/** A type of the language. */
export type Type =
  | { readonly is: PrimitiveName }
  | { readonly is: 'list'; readonly item: Type }
  | { readonly is: 'map'; readonly key: Type; readonly value: Type }
  /** A declared object: its fields under the names expressions use (see `escapeField`). */
  | { readonly is: 'object'; readonly name: string; readonly fields: ReadonlyMap<string, Type> }
  | { readonly is: 'optional'; readonly of: Type }
  /** A library's own type. */
  | { readonly is: 'opaque'; readonly name: string }
  /** The type of a type. */
  | { readonly is: 'type'; readonly of: Type }
  /** A parameter of a function's signature, or a type that is still to be found. */
  | { readonly is: 'param'; readonly name: string };

const primitives: readonly PrimitiveName[] = [
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'null',
  'dyn',
  'timestamp',
  'duration',
];
const byName = new Map<string, Type>(primitives.map((is) => [is, { is }]));

/** The primitive types, by name. */
export const types = Object.fromEntries(byName) as Readonly<Record<PrimitiveName, Type>>;

export const listOf = (item: Type): Type => ({ is: 'list', item });
export const mapOf = (key: Type, value: Type): Type => ({ is: 'map', key, value });

/**
 * Reads a type in signatures' notation: `list(int)`, `map(string, T)`, `optional(T)`, `type(T)`. A single capital is a parameter, any other
 * unknown name a library's type.
 */
export function readType(text: string): Type {
  const source = text.trim();
  const known = byName.get(source);
  if (known) return known;
  if (/^[A-Z]$/.test(source)) return { is: 'param', name: source };
  const [, name, inner] = /^(list|map|optional|type)\((.*)\)$/.exec(source) ?? [];
  if (name === undefined || inner === undefined) return { is: 'opaque', name: source };
  const [first = 'dyn', second = 'dyn'] = splitTypes(inner);
  switch (name) {
    case 'list':
      return listOf(readType(first));
    case 'map':
      return mapOf(readType(first), readType(second));
    case 'optional':
      return { is: 'optional', of: readType(first) };
    default:
      return { is: 'type', of: readType(first) };
  }
}

/** Splits `int, map(string, T)` at the commas that are not within parentheses. */
export function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  const last = text.slice(start);
  return last.trim() === '' ? parts : [...parts, last];
}

/** A type as messages show it. */
export function formatType(type: Type): string {
  switch (type.is) {
    case 'list':
      return `list(${formatType(type.item)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'optional':
      return `optional_type(${formatType(type.of)})`;
    case 'type':
      return `type(${formatType(type.of)})`;
    case 'object':
    case 'opaque':
    case 'param':
      return type.name;
    default:
      return type.is;
  }
}

/** The type of a value at run time; what lists and maps hold is not looked at. */
export function typeOf(value: Value): Type {
  switch (typeof value) {
    case 'boolean':
      return types.bool;
    case 'bigint':
      return types.int;
    case 'number':
      return types.double;
    case 'string':
      return types.string;
  }
  if (value === null) return types.null;
  if (value instanceof ListValue) return listOf(types.dyn);
  if (value instanceof MapValue) return value.type ?? mapOf(types.dyn, types.dyn);
  if (value instanceof UInt) return types.uint;
  if (value instanceof Uint8Array) return types.bytes;
  if (value instanceof Timestamp) return types.timestamp;
  if (value instanceof Duration) return types.duration;
  if (value instanceof TypeValue) return { is: 'type', of: value.type };
  if (value instanceof Optional) return { is: 'optional', of: types.dyn };
  if (value instanceof Opaque) return value.type;
  throw new TypeError(`no value of the language: ${String(value)}`);
}

/** The name `type(x)` goes by: of lists and maps without what they hold. */
export function typeName(type: Type): string {
  switch (type.is) {
    case 'null':
      return 'null_type';
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'optional':
      return 'optional_type';
    case 'object':
    case 'opaque':
    case 'param':
      return type.name;
    default:
      return type.is;
  }
}

/** Whether a value can be an argument of this type, as far as can be told without looking into lists and maps. */
export function accepts(type: Type, value: Value): boolean {
  if (type.is === 'dyn' || type.is === 'param') return true;
  const actual = typeOf(value);
  if (type.is === 'object' || type.is === 'opaque') {
    return (actual.is === 'object' || actual.is === 'opaque') && actual.name === type.name;
  }
  if (type.is === 'map') return value instanceof MapValue;
  return actual.is === type.is;
}
