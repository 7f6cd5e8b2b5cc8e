import { setOwn } from '../meta/object.ts';
import type { FieldSchema, ObjectSchema, Schema } from '../schema.ts';
import { jsonKind, Trail } from './decode-error.ts';
import { NotedPaths } from './noted-paths.ts';
import { type Decode, decodeScalar, goScalar, zeroScalar } from './scalars.ts';

export { DecodeError } from './decode-error.ts';

/**
 * Checks a decoded JSON value against a type, as upstream's typed decoder would: throws a DecodeError with upstream's text where a
 * value does not fit, and returns the paths (`spec.template.foo`) of the fields the type does not have.
 */
export function checkObject(value: unknown, schema: ObjectSchema): { unknown: string[] } {
  return { unknown: decodeObject(value, schema).unknown };
}

/**
 * Checks as `checkObject` does, and gives the object the form it has after a typed decode: unknown fields, nulls and optional zero
 * values (`hostNetwork: false`, empty lists) are gone, structs that are always there (`status`, `resources`) are there, quantities
 * and times are canonical. The value itself is left as it is; parts that need no change are shared.
 */
export function decodeObject<T>(value: unknown, schema: ObjectSchema): { object: T; unknown: string[] } {
  const trail = new DecodeTrail();
  const object = structDecoder(schema)(value, trail) as T;
  return { object, unknown: trail.unknown.texts };
}

/** Where unknown fields are noted on the way. */
class DecodeTrail extends Trail {
  readonly unknown = new NotedPaths();
  /** Whether the map that was decoded last has no entries: to ask the map itself would take long where it has many. */
  isEmptyMap = false;
}

interface FieldDecoder {
  readonly decode: Decode;
  /** Scalars leave no trace on the trail unless they fail. */
  readonly name: string;
  /** What the field is when it is not written: a value equal to this is left out. */
  readonly omit: unknown;
  readonly omitEmpty: boolean;
}

interface StructDecoder {
  readonly fields: ReadonlyMap<string, FieldDecoder>;
  /** Structs that are written even when nothing in them is set. */
  readonly always: readonly { name: string; schema: ObjectSchema }[];
}

const structs = new WeakMap<ObjectSchema, StructDecoder>();
const decoders = new WeakMap<Schema, Decode>();

function fieldDecoder(field: FieldSchema): FieldDecoder {
  const { schema, row, name } = field;
  const inner = decoderOf(schema);
  const value = row.optional === true && !row.pointer;
  return {
    name,
    decode: inner,
    omit: value && schema.is === 'scalar' ? zeroOf(schema) : undefined,
    omitEmpty: value && (schema.is === 'list' || schema.is === 'map'),
  };
}

/** Go never leaves out an IntOrString or a quantity for being zero: they are structs. */
function zeroOf(schema: Schema): unknown {
  if (schema.is !== 'scalar' || schema.scalar === 'intOrString' || schema.scalar === 'quantity') return undefined;
  return zeroScalar[schema.scalar];
}

function structOf(schema: ObjectSchema): StructDecoder {
  const known = structs.get(schema);
  if (known) return known;
  const fields = new Map<string, FieldDecoder>();
  const always: { name: string; schema: ObjectSchema }[] = [];
  const made: StructDecoder = { fields, always };
  structs.set(schema, made);
  for (const field of schema.fields.values()) {
    fields.set(field.name, fieldDecoder(field));
    if (field.schema.is === 'object' && !field.row.pointer) always.push({ name: field.name, schema: field.schema });
  }
  return made;
}

function decoderOf(schema: Schema): Decode {
  if (schema.is === 'scalar') return decodeScalar[schema.scalar];
  const known = decoders.get(schema);
  if (known) return known;
  const made =
    schema.is === 'object' ? structDecoder(schema) : schema.is === 'list' ? listDecoder(schema) : mapDecoder(schema);
  decoders.set(schema, made);
  return made;
}

function structDecoder(schema: ObjectSchema): Decode {
  const short = schema.name.slice(schema.name.lastIndexOf('.') + 1);
  let struct: StructDecoder | undefined;
  return (value, trail) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw trail.mismatch(jsonKind(value), goType(schema));
    }
    // Resolved on first use: types refer to each other in circles.
    struct ??= structOf(schema);
    trail.structs.push(short);
    const out = decodeFields(value as Record<string, unknown>, struct, trail as DecodeTrail);
    trail.structs.pop();
    return out;
  };
}

function decodeFields(
  value: Record<string, unknown>,
  struct: StructDecoder,
  trail: DecodeTrail,
): Record<string, unknown> {
  let changed: [string, unknown][] | undefined;
  for (const name in value) {
    const field = struct.fields.get(name);
    const from = value[name];
    let to: unknown;
    if (!field) {
      if (!trail.unknown.isFull) trail.unknown.add(trail.path(name));
    } else if (from !== null && from !== undefined) {
      trail.steps.push(name);
      to = field.decode(from, trail);
      trail.steps.pop();
      if (to === field.omit || (field.omitEmpty && (Array.isArray(to) ? to.length === 0 : trail.isEmptyMap)))
        to = undefined;
    }
    if (to !== from) {
      changed ??= [];
      changed.push([name, to]);
    }
  }
  let out = value;
  if (changed) out = withChanges(value, changed);
  for (const { name, schema } of struct.always) {
    if (out[name] !== undefined && Object.hasOwn(out, name)) continue;
    if (out === value) out = { ...value };
    out[name] = emptyStruct(schema);
  }
  return out;
}

/** A copy of an object with some fields replaced, or left out where they become undefined. */
function withChanges(value: Record<string, unknown>, changes: [string, unknown][]): Record<string, unknown> {
  if (changes.every(([, to]) => to !== undefined)) {
    const out = { ...value };
    for (const [name, to] of changes) out[name] = to;
    return out;
  }
  const out: Record<string, unknown> = {};
  let next = 0;
  for (const name in value) {
    let to = value[name];
    // Changes are in the order of the fields.
    if (next < changes.length && changes[next]![0] === name) to = changes[next++]![1];
    if (to !== undefined) out[name] = to;
  }
  return out;
}

function emptyStruct(schema: ObjectSchema): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const inner of structOf(schema).always) out[inner.name] = emptyStruct(inner.schema);
  return out;
}

/** What a null in a list or map stands for: the type's zero value. */
function zeroValue(schema: Schema): unknown {
  switch (schema.is) {
    case 'scalar':
      return zeroScalar[schema.scalar] ?? null;
    case 'object':
      return emptyStruct(schema);
    default:
      return null;
  }
}

function listDecoder(schema: Schema & { is: 'list' }): Decode {
  const { items } = schema;
  const decode = decoderOf(items);
  return (value, trail) => {
    if (!Array.isArray(value)) throw trail.mismatch(jsonKind(value), goType(schema));
    let out: unknown[] = value;
    for (let i = 0; i < value.length; i++) {
      const from: unknown = value[i];
      let to: unknown;
      if (from === null) {
        to = zeroValue(items);
      } else {
        trail.steps.push(i);
        to = decode(from, trail);
        trail.steps.pop();
      }
      if (to === from) continue;
      if (out === value) out = [...value];
      out[i] = to;
    }
    return out;
  };
}

function mapDecoder(schema: Schema & { is: 'map' }): Decode {
  const { values } = schema;
  const decode = decoderOf(values);
  const scalar = values.is === 'scalar';
  return (value, trail) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw trail.mismatch(jsonKind(value), goType(schema));
    }
    const source = value as Record<string, unknown>;
    const keys = Object.keys(source);
    let changed: unknown[] | undefined;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const from = source[key];
      let to: unknown;
      if (from === null) {
        to = zeroValue(values);
      } else if (scalar) {
        to = decode(from, trail);
      } else {
        trail.steps.push({ key });
        to = decode(from, trail);
        trail.steps.pop();
      }
      if (to !== from) changed ??= keys.slice(0, i).map((before) => source[before]);
      changed?.push(to);
    }
    (trail as DecodeTrail).isEmptyMap = keys.length === 0;
    return changed ? mapOf(keys, changed) : source;
  };
}

function mapOf(keys: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (let i = 0; i < keys.length; i++) setOwn(out, keys[i]!, values[i]);
  return out;
}

/** A type as Go prints it: `[]v1.Container`, `map[string]string`. */
function goType(schema: Schema): string {
  switch (schema.is) {
    case 'scalar':
      return goScalar[schema.scalar];
    case 'object':
      return schema.name.slice(schema.name.indexOf('/') + 1);
    case 'list':
      return `[]${goType(schema.items)}`;
    case 'map':
      return `map[string]${goType(schema.values)}`;
  }
}
