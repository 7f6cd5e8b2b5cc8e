import { setOwn } from '../meta/object.ts';
import { type FieldSchema, type ObjectSchema, objectSchemaOf, type Schema } from '../schema.ts';
import { scalarCodecs } from './protobuf-scalars.ts';
import { ProtobufError, Reader, Writer, wire } from './protobuf-wire.ts';

/** The media type of Kubernetes' binary form: four magic bytes and an envelope (runtime.Unknown) around the object's message. */
export const protobufType = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const deepest = 100;

type JsonObject = Record<string, unknown>;

/** Whether bytes begin as an enveloped object does. */
export const isProtobuf = (bytes: Buffer): boolean => bytes.subarray(0, 4).equals(magic);

/**
 * Decodes an enveloped object; `typeOf` names the generated type of an apiVersion and kind. What is zero and may be left out of JSON is left
 * out, so the result equals the object's JSON form. Throws ProtobufError.
 */
export function decodeProtobuf(
  bytes: Buffer,
  typeOf: (apiVersion: string, kind: string) => string | undefined,
): JsonObject {
  if (!isProtobuf(bytes))
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const envelope = new Reader(bytes.subarray(magic.length));
  let apiVersion = '';
  let kind = '';
  let raw = Buffer.alloc(0);
  while (!envelope.done) {
    const [field, type] = envelope.tag();
    if (field === 1 && type === wire.bytes) [apiVersion, kind] = typeMeta(envelope.bytes());
    else if (field === 2 && type === wire.bytes) raw = Buffer.from(envelope.bytes());
    else envelope.skip(type);
  }
  const type = typeOf(apiVersion, kind);
  if (!type) throw new ProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return { apiVersion, kind, ...readObject(raw, objectSchemaOf(type), 0) };
}

/** Encodes an object of a generated type (`core/v1.Pod`) with its envelope. The object must have its type's form. */
export function encodeProtobuf(object: { apiVersion?: string; kind?: string }, type: string): Buffer {
  const meta = new Writer();
  meta.bytes(1, Buffer.from(object.apiVersion ?? ''));
  meta.bytes(2, Buffer.from(object.kind ?? ''));
  const envelope = new Writer();
  envelope.bytes(1, meta.finish());
  envelope.bytes(2, writeObject(object as JsonObject, objectSchemaOf(type)));
  envelope.bytes(3, Buffer.alloc(0));
  envelope.bytes(4, Buffer.alloc(0));
  return Buffer.concat([magic, envelope.finish()]);
}

function typeMeta(bytes: Buffer): [apiVersion: string, kind: string] {
  const reader = new Reader(bytes);
  const found: [string, string] = ['', ''];
  while (!reader.done) {
    const [field, type] = reader.tag();
    if ((field === 1 || field === 2) && type === wire.bytes) found[field - 1] = reader.bytes().toString();
    else reader.skip(type);
  }
  return found;
}

/** Fields of a message by number: fields of the JSON object, or the inlined structs around some of them. */
interface Layout {
  fields: Map<number, FieldSchema>;
  inlined: Map<number, Layout>;
}

const layouts = new WeakMap<ObjectSchema, Layout>();

function layoutOf(schema: ObjectSchema): Layout {
  const known = layouts.get(schema);
  if (known) return known;
  const layout: Layout = { fields: new Map(), inlined: new Map() };
  for (const field of schema.fields.values()) {
    if (field.row.tag === undefined) continue;
    let at = layout;
    for (const tag of field.inlinedUnder) {
      const inner: Layout = at.inlined.get(tag) ?? { fields: new Map(), inlined: new Map() };
      at.inlined.set(tag, inner);
      at = inner;
    }
    at.fields.set(field.row.tag, field);
  }
  layouts.set(schema, layout);
  return layout;
}

function readObject(bytes: Buffer, schema: ObjectSchema, depth: number): JsonObject {
  if (depth > deepest) throw new ProtobufError('the message is nested too deeply');
  const into: JsonObject = {};
  readFields(bytes, layoutOf(schema), into, depth);
  return into;
}

function readFields(bytes: Buffer, layout: Layout, into: JsonObject, depth: number): void {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const [number, type] = reader.tag();
    const inlined = layout.inlined.get(number);
    const field = layout.fields.get(number);
    if (inlined && type === wire.bytes) readFields(reader.bytes(), inlined, into, depth + 1);
    else if (field) readField(reader, type, field, into, depth);
    else reader.skip(type);
  }
}

function readField(
  reader: Reader,
  type: number,
  { name, row, schema }: FieldSchema,
  into: JsonObject,
  depth: number,
): void {
  if (schema.is === 'map') {
    into[name] ??= {};
    const map = into[name] as JsonObject;
    const [key, value] = readEntry(reader.bytes(), schema.values, depth);
    setOwn(map, key, value);
    return;
  }
  if (schema.is === 'list') {
    // A named list type (ExtraValue) that is a field of its own is a message around its items; none is among the fields we read.
    into[name] ??= [];
    const list = into[name] as unknown[];
    list.push(readValue(reader, type, schema.items, depth));
    return;
  }
  const value = readValue(reader, type, schema, depth);
  if (value === undefined || (row.optional && !row.pointer && isZero(value, schema))) return;
  into[name] = value;
}

/** An entry of a map: a message of key and value. Values that are lists come as a message of items. */
function readEntry(bytes: Buffer, values: Schema, depth: number): [string, unknown] {
  const reader = new Reader(bytes);
  let key = '';
  let value: unknown = values.is === 'object' ? {} : values.is === 'list' ? [] : '';
  while (!reader.done) {
    const [field, type] = reader.tag();
    if (field === 1) key = reader.bytes().toString();
    else if (field === 2 && values.is === 'list') value = readItems(reader.bytes(), values.items, depth);
    else if (field === 2) value = readValue(reader, type, values, depth);
    else reader.skip(type);
  }
  return [key, value];
}

function readItems(bytes: Buffer, items: Schema, depth: number): unknown[] {
  const reader = new Reader(bytes);
  const list: unknown[] = [];
  while (!reader.done) {
    const [field, type] = reader.tag();
    if (field === 1) list.push(readValue(reader, type, items, depth));
    else reader.skip(type);
  }
  return list;
}

function readValue(reader: Reader, type: number, schema: Schema, depth: number): unknown {
  const expected = wireTypeOf(schema);
  if (type !== expected) throw new ProtobufError(`proto: wrong wireType = ${type}`);
  if (schema.is === 'object') return readObject(reader.bytes(), schema, depth + 1);
  if (schema.is === 'scalar') return scalarCodecs[schema.scalar].read(reader);
  throw new ProtobufError('a list of lists or maps has no protobuf form');
}

function wireTypeOf(schema: Schema): number {
  if (schema.is !== 'scalar') return wire.bytes;
  if (schema.scalar === 'bool' || schema.scalar === 'int32' || schema.scalar === 'int64') return wire.varint;
  return schema.scalar === 'double' ? wire.fixed64 : wire.bytes;
}

function isZero(value: unknown, schema: Schema): boolean {
  if (schema.is === 'object') return Object.keys(value as object).length === 0;
  return value === '' || value === 0 || value === false;
}

function writeObject(object: JsonObject, schema: ObjectSchema): Buffer {
  return writeFields(object, layoutOf(schema));
}

function writeFields(object: JsonObject, layout: Layout): Buffer {
  const writer = new Writer();
  const numbers = [...layout.fields.keys(), ...layout.inlined.keys()].sort((a, b) => a - b);
  for (const number of numbers) {
    const inlined = layout.inlined.get(number);
    if (inlined) {
      writer.bytes(number, writeFields(object, inlined));
      continue;
    }
    const { name, schema } = layout.fields.get(number)!;
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (value === undefined || value === null) continue;
    if (schema.is === 'list') for (const item of value as unknown[]) writeValue(writer, number, item, schema.items);
    else if (schema.is === 'map') writeMap(writer, number, value as JsonObject, schema.values);
    else writeValue(writer, number, value, schema);
  }
  return writer.finish();
}

function writeMap(writer: Writer, number: number, map: JsonObject, values: Schema): void {
  for (const key of Object.keys(map).sort()) {
    const entry = new Writer();
    entry.bytes(1, Buffer.from(key));
    if (values.is === 'list') {
      const items = new Writer();
      for (const item of map[key] as unknown[]) writeValue(items, 1, item, values.items);
      entry.bytes(2, items.finish());
    } else writeValue(entry, 2, map[key], values);
    writer.bytes(number, entry.finish());
  }
}

function writeValue(writer: Writer, number: number, value: unknown, schema: Schema): void {
  if (schema.is === 'object') writer.bytes(number, writeObject(value as JsonObject, schema));
  else if (schema.is === 'scalar') scalarCodecs[schema.scalar].write(writer, number, value);
  else throw new ProtobufError('a list of lists or maps has no protobuf form');
}
