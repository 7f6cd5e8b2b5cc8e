import { formatDuration, parseDuration } from '../meta/time.ts';
import type { ScalarName } from '../schema.ts';
import { decodeJson, encodeJson } from './json.ts';
import { ProtobufError, Reader, type Writer, wire } from './protobuf-wire.ts';

/** How a value of our tables is one field of a message. `read` gets the reader behind the tag; undefined means unset. */
export interface FieldCodec {
  read(reader: Reader, depth: number): unknown;
  write(writer: Writer, field: number, value: unknown): void;
}

const integer: FieldCodec = {
  read(reader) {
    const value = BigInt.asIntN(64, reader.varint());
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  },
  write: (writer, field, value) => writer.varint(field, value as number | bigint),
};

/** A message whose fields are read into a record by number: strings and bytes as Buffers, varints as signed numbers. */
function fieldsOf(bytes: Buffer): Map<number, Buffer | bigint> {
  const fields = new Map<number, Buffer | bigint>();
  const reader = new Reader(bytes);
  while (!reader.done) {
    const [field, type] = reader.tag();
    if (type === wire.bytes) fields.set(field, reader.bytes());
    else if (type === wire.varint) fields.set(field, BigInt.asIntN(64, reader.varint()));
    else reader.skip(type);
  }
  return fields;
}

/** A codec for scalars that are messages of their own. */
function message(
  read: (fields: Map<number, Buffer | bigint>) => unknown,
  write: (value: never, writer: Writer) => void,
): FieldCodec {
  return {
    read: (reader) => read(fieldsOf(reader.bytes())),
    write(writer, field, value) {
      writer.message(field, () => write(value as never, writer));
    },
  };
}

const text = (bytes: Buffer | bigint | undefined): string => (bytes === undefined ? '' : bytes.toString());

/** Times are whole seconds and nanoseconds; no field at all means no time. */
const timestamp = (fraction: boolean): FieldCodec =>
  message(
    (fields) => {
      if (fields.size === 0) return undefined;
      const whole = new Date(Number(fields.get(1) ?? 0n) * 1000);
      if (Number.isNaN(whole.getTime())) throw new ProtobufError('proto: time out of range');
      const seconds = whole.toISOString().slice(0, 19);
      const micros = String(Math.floor(Number(fields.get(2) ?? 0n) / 1000)).padStart(6, '0');
      return fraction ? `${seconds}.${micros}Z` : `${seconds}Z`;
    },
    (value: string | null, writer) => {
      if (value === null) return;
      const part = /\.(\d+)/.exec(value)?.[1] ?? '';
      writer.varint(1, Math.floor(Date.parse(value) / 1000));
      writer.varint(2, fraction ? Number(part.padEnd(9, '0').slice(0, 9)) : 0);
    },
  );

export const scalarCodecs: Readonly<Record<ScalarName, FieldCodec>> = {
  string: {
    read: (reader) => reader.bytes().toString(),
    write: (writer, field, value) => writer.string(field, value as string),
  },
  bool: {
    read: (reader) => reader.varint() !== 0n,
    write: (writer, field, value) => writer.varint(field, value ? 1 : 0),
  },
  int32: integer,
  int64: integer,
  double: { read: (reader) => reader.double(), write: (writer, field, value) => writer.double(field, value as number) },
  bytes: {
    read: (reader) => reader.bytes().toString('base64'),
    write: (writer, field, value) => writer.bytes(field, Buffer.from(value as string, 'base64')),
  },
  time: timestamp(false),
  microTime: timestamp(true),
  duration: message(
    (fields) => formatDuration(Number(fields.get(1) ?? 0n) / 1e6),
    (value: string, writer) => writer.varint(1, BigInt(Math.round(parseDuration(value) * 1e6))),
  ),
  quantity: message(
    (fields) => text(fields.get(1)) || '0',
    (value: string | number, writer) => writer.string(1, String(value)),
  ),
  intOrString: message(
    (fields) => (fields.get(1) === 1n ? text(fields.get(3)) : Number(fields.get(2) ?? 0n)),
    (value: string | number, writer) => {
      writer.varint(1, typeof value === 'string' ? 1 : 0);
      writer.varint(2, typeof value === 'string' ? 0 : value);
      writer.string(3, typeof value === 'string' ? value : '');
    },
  ),
  // Raw JSON inside (RawExtension, FieldsV1).
  any: message(
    (fields) => (fields.get(1) === undefined ? undefined : decodeJson(fields.get(1) as Buffer).value),
    (value: unknown, writer) => writer.string(1, encodeJson(value)),
  ),
};
