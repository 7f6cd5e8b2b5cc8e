import { setOwn } from '../meta/object.ts';
import { type FieldSchema, type ObjectSchema, objectSchemaOf, type Schema, schemaOf } from '../schema.ts';
import { type FieldCodec, scalarCodecs } from './protobuf-scalars.ts';
import { lengthOf, ProtobufError, Reader, Writer, wire } from './protobuf-wire.ts';

/** The media type of Kubernetes' binary form: four magic bytes and an envelope (runtime.Unknown) around the object's message. */
export const protobufType = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const deepest = 100;

type JsonObject = Record<string, unknown>;

/** Whether bytes begin as an enveloped object does. */
export const isProtobuf = (bytes: Buffer): boolean => bytes.subarray(0, 4).equals(magic);

/**
 * Decodes an enveloped object; `typeOf` names the generated type of an apiVersion and kind. What is zero and may be left out of JSON is left
 * out, so the result equals the object's JSON form. Throws ProtobufError, also where its lists have more than `mostItems` together.
 */
export function decodeProtobuf(
  bytes: Buffer,
  typeOf: (apiVersion: string, kind: string) => string | undefined,
  mostItems = Number.POSITIVE_INFINITY,
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
  const message = new Reader(raw, { most: mostItems, seen: 0 });
  return { apiVersion, kind, ...readObject(message, objectSchemaOf(type), 0) };
}

/** Encodes an object of a generated type (`core/v1.Pod`) with its envelope. The object must have its type's form. */
export function encodeProtobuf(object: { apiVersion?: string; kind?: string }, type: string): Buffer {
  return inEnvelope(object.apiVersion ?? '', object.kind ?? '', encodeMessage(object as JsonObject, type));
}

/** An object's message alone, without apiVersion and kind, as lists carry it. */
export function encodeMessage(object: object, type: string): Buffer {
  const writer = new Writer();
  writeFields(writer, object as JsonObject, layoutOf(objectSchemaOf(type)));
  return writer.finish();
}

/** A message as an object of its own. */
export function inEnvelope(apiVersion: string, kind: string, message: Buffer): Buffer {
  return Buffer.concat([envelopeHead(apiVersion, kind, message.length), message, envelopeTail]);
}

/** What stands before the message in its envelope; the message is `length` bytes long. */
export function envelopeHead(apiVersion: string, kind: string, length: number): Buffer {
  const writer = new Writer();
  writer.message(1, () => {
    writer.string(1, apiVersion);
    writer.string(2, kind);
  });
  return Buffer.concat([magic, writer.finish(), bytesTag(2, length)]);
}

/** What stands behind the message in its envelope: no content encoding, no content type. */
export const envelopeTail: Buffer = Buffer.from([0x1a, 0, 0x22, 0]);

/** The tag and length of a field of bytes; the bytes follow. */
export function bytesTag(field: number, length: number): Buffer {
  const bytes = Buffer.alloc(lengthOf(field * 8) + lengthOf(length));
  let at = 0;
  for (const number of [field * 8 + wire.bytes, length]) {
    let rest = number;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 0x80;
    bytes[at++] = rest;
  }
  return bytes;
}

/**
 * One event of a watch: its length in four bytes, big end first, and a WatchEvent (type, and the enveloped object as it is; no envelope around the
 * event itself).
 */
export function encodeWatchEvent(type: string, object: Buffer): Buffer {
  const name = Buffer.from(type);
  const inner = bytesTag(1, object.length);
  const parts = [bytesTag(1, name.length), name, bytesTag(2, inner.length + object.length), inner, object];
  const length = Buffer.alloc(4);
  length.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, ...parts]);
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
  /** All numbers, in the order in which they are written. */
  order: number[];
  /** Fields whose messages are of a form of their own. */
  unions: ReadonlyMap<string, FieldCodec>;
}

const layouts = new WeakMap<ObjectSchema, Layout>();

function layoutOf(schema: ObjectSchema): Layout {
  const known = layouts.get(schema);
  if (known) return known;
  const layout = emptyLayout(unionsOf(schema.name));
  for (const field of schema.fields.values()) {
    if (field.row.tag === undefined) continue;
    let at = layout;
    for (const tag of field.inlinedUnder) {
      const inner: Layout = at.inlined.get(tag) ?? emptyLayout(layout.unions);
      if (!at.inlined.has(tag)) at.order.push(tag);
      at.inlined.set(tag, inner);
      at = inner;
    }
    at.fields.set(field.row.tag, field);
    at.order.push(field.row.tag);
  }
  sortNumbers(layout);
  layouts.set(schema, layout);
  return layout;
}

const emptyLayout = (unions: Layout['unions']): Layout => ({
  fields: new Map(),
  inlined: new Map(),
  order: [],
  unions,
});

function sortNumbers(layout: Layout): void {
  layout.order.sort((a, b) => a - b);
  for (const inner of layout.inlined.values()) sortNumbers(inner);
}

function readObject(reader: Reader, schema: ObjectSchema, depth: number): JsonObject {
  if (depth > deepest) throw new ProtobufError('the message is nested too deeply');
  const into: JsonObject = {};
  readFields(reader, layoutOf(schema), into, depth);
  return into;
}

function readFields(reader: Reader, layout: Layout, into: JsonObject, depth: number): void {
  while (!reader.done) {
    const [number, type] = reader.tag();
    const inlined = layout.inlined.get(number);
    const field = layout.fields.get(number);
    if (inlined && type === wire.bytes) readFields(reader.message(), inlined, into, depth + 1);
    else if (field) readField(reader, type, field, layout.unions.get(field.name), into, depth);
    else reader.skip(type);
  }
}

function readField(
  reader: Reader,
  type: number,
  { name, row, schema }: FieldSchema,
  union: FieldCodec | undefined,
  into: JsonObject,
  depth: number,
): void {
  if (union) {
    if (type !== wire.bytes) throw new ProtobufError(`proto: wrong wireType = ${type}`);
    const value = union.read(reader, depth + 1);
    if (value === undefined) return;
    // Unions in a map come entry by entry.
    if (schema.is !== 'map') {
      into[name] = value;
      return;
    }
    into[name] ??= {};
    for (const [key, each] of Object.entries(value as object)) setOwn(into[name] as JsonObject, key, each);
    return;
  }
  if (schema.is === 'map') {
    into[name] ??= {};
    const map = into[name] as JsonObject;
    const [key, value] = readEntry(reader.message(), schema.values, depth);
    setOwn(map, key, value);
    return;
  }
  if (schema.is === 'list') {
    into[name] ??= [];
    const list = into[name] as unknown[];
    reader.item();
    list.push(readValue(reader, type, schema.items, depth));
    return;
  }
  const value = readValue(reader, type, schema, depth);
  if (value === undefined || (row.optional && !row.pointer && isZero(value, schema))) return;
  into[name] = value;
}

/** An entry of a map: a message of key and value. Values that are lists come as a message of items. */
function readEntry(reader: Reader, values: Schema, depth: number): [string, unknown] {
  let key = '';
  let value: unknown = values.is === 'object' ? {} : values.is === 'list' ? [] : '';
  while (!reader.done) {
    const [field, type] = reader.tag();
    if (field === 1) key = reader.bytes().toString();
    else if (field === 2 && values.is === 'list') value = readItems(reader.message(), values.items, depth);
    else if (field === 2) value = readValue(reader, type, values, depth) ?? null;
    else reader.skip(type);
  }
  return [key, value];
}

function readItems(reader: Reader, items: Schema, depth: number): unknown[] {
  const list: unknown[] = [];
  while (!reader.done) {
    const [field, type] = reader.tag();
    if (field === 1) {
      reader.item();
      list.push(readValue(reader, type, items, depth));
    } else reader.skip(type);
  }
  return list;
}

function readValue(reader: Reader, type: number, schema: Schema, depth: number): unknown {
  const expected = wireTypeOf(schema);
  if (type !== expected) throw new ProtobufError(`proto: wrong wireType = ${type}`);
  if (schema.is === 'object') return readObject(reader.message(), schema, depth + 1);
  if (schema.is === 'scalar') return scalarCodecs[schema.scalar].read(reader, depth);
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

function writeFields(writer: Writer, object: JsonObject, layout: Layout): void {
  for (const number of layout.order) {
    const inlined = layout.inlined.get(number);
    if (inlined) {
      writer.message(number, () => writeFields(writer, object, inlined));
      continue;
    }
    const { name, schema } = layout.fields.get(number)!;
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (value === undefined || value === null) continue;
    const union = layout.unions.get(name);
    if (union) union.write(writer, number, value);
    else if (schema.is === 'list')
      for (const item of value as unknown[]) writeValue(writer, number, item, schema.items);
    else if (schema.is === 'map') writeMap(writer, number, value as JsonObject, schema.values);
    else writeValue(writer, number, value, schema);
  }
}

function writeMap(writer: Writer, number: number, map: JsonObject, values: Schema): void {
  for (const key of Object.keys(map).sort()) {
    writer.message(number, () => {
      writer.string(1, key);
      if (values.is !== 'list') writeValue(writer, 2, map[key], values);
      else writer.message(2, () => writeItems(writer, map[key] as unknown[], values.items));
    });
  }
}

function writeItems(writer: Writer, list: readonly unknown[], items: Schema): void {
  for (const item of list) writeValue(writer, 1, item, items);
}

function writeValue(writer: Writer, number: number, value: unknown, schema: Schema): void {
  if (schema.is === 'scalar') scalarCodecs[schema.scalar].write(writer, number, value);
  else if (schema.is !== 'object') throw new ProtobufError('a list of lists or maps has no protobuf form');
  else writer.message(number, () => writeFields(writer, (value ?? {}) as JsonObject, layoutOf(schema)));
}

/** Fields of union types, by type: tables know them as any JSON. */
const unionFields: Readonly<Record<string, () => ReadonlyMap<string, FieldCodec>>> = {
  'meta/v1.APIResource': () => new Map([['verbs', listMessage]]),
  'apiextensions/v1.CustomResourceSubresources': () => new Map([['status', emptyMessage]]),
  'apiextensions/v1.JSONSchemaProps': () =>
    new Map([
      ['items', schemaOr({ schema: 1, list: 2 })],
      ['additionalProperties', schemaOr({ allows: 1, schema: 2 })],
      ['additionalItems', schemaOr({ allows: 1, schema: 2 })],
      ['dependencies', mapOf(schemaOr({ schema: 1, names: 2 }))],
    ]),
};

const noUnions: ReadonlyMap<string, FieldCodec> = new Map();
const unionsOf = (type: string) => unionFields[type]?.() ?? noUnions;

/** A list of strings that is a message of its own. */
const listMessage: FieldCodec = {
  read: (reader, depth) => readItems(reader.message(), schemaOf('string'), depth),
  write: (writer, field, value) =>
    writer.message(field, () => {
      for (const item of value as string[]) writer.string(1, item);
    }),
};

/** A struct without fields. */
const emptyMessage: FieldCodec = {
  read(reader) {
    reader.bytes();
    return {};
  },
  write: (writer, field) => writer.bytes(field, Buffer.alloc(0)),
};

/** A JSON schema, or a boolean, or a list of schemas or of strings: each is a field of its own. */
function schemaOr(numbers: { schema: number; allows?: number; list?: number; names?: number }): FieldCodec {
  const schema = objectSchemaOf('apiextensions/v1.JSONSchemaProps');
  return {
    read(reader, depth) {
      const inner = reader.message();
      let one: unknown;
      let allows = false;
      const many: unknown[] = [];
      while (!inner.done) {
        const [field, type] = inner.tag();
        if (field === numbers.allows && type === wire.varint) allows = inner.varint() !== 0n;
        else if (type !== wire.bytes) inner.skip(type);
        else if (field === numbers.schema) one = readObject(inner.message(), schema, depth + 1);
        else if (field === numbers.list || field === numbers.names) {
          inner.item();
          many.push(field === numbers.list ? readObject(inner.message(), schema, depth + 1) : inner.bytes().toString());
        } else inner.skip(type);
      }
      return one ?? (numbers.allows === undefined ? many : allows);
    },
    write(writer, field, value) {
      writer.message(field, () => {
        if (typeof value === 'boolean') writer.varint(numbers.allows!, value ? 1 : 0);
        else if (Array.isArray(value)) {
          for (const item of value) {
            if (numbers.names !== undefined) writer.string(numbers.names, String(item));
            else writeValue(writer, numbers.list!, item, schema);
          }
        } else {
          if (numbers.allows !== undefined) writer.varint(numbers.allows, 1);
          writeValue(writer, numbers.schema, value, schema);
        }
      });
    },
  };
}

/** A map whose values have a form of their own. Reads one entry at a time. */
function mapOf(values: FieldCodec): FieldCodec {
  return {
    read(reader, depth) {
      const entry = reader.message();
      const into: JsonObject = {};
      let key = '';
      let value: unknown;
      while (!entry.done) {
        const [field, type] = entry.tag();
        if (field === 1 && type === wire.bytes) key = entry.bytes().toString();
        else if (field === 2 && type === wire.bytes) value = values.read(entry, depth);
        else entry.skip(type);
      }
      setOwn(into, key, value);
      return into;
    },
    write(writer, field, value) {
      for (const [key, each] of Object.entries(value as object)) {
        writer.message(field, () => {
          writer.string(1, key);
          values.write(writer, 2, each);
        });
      }
    },
  };
}
