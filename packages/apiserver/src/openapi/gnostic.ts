import { Writer } from '@coracle/api/codec/protobuf-wire';
import { formatYaml } from '@coracle/api/codec/yaml';
import type { Json } from './schemas.ts';

/** Writes one value as the field of that number. */
export type Put = (out: Writer, field: number, value: unknown) => void;

/** The fields of a message of github.com/google/gnostic-models by their names in JSON, as far as documents have them. */
export interface Shape {
  readonly fields: Readonly<Record<string, readonly [field: number, put: Put]>>;
  /** Where `x-…` go. */
  readonly extensions?: number;
}

export const text: Put = (out, field, value) => out.string(field, String(value));
export const bool: Put = (out, field, value) => value === true && out.varint(field, 1);
export const integer: Put = (out, field, value) => out.varint(field, value as number | bigint);
export const double: Put = (out, field, value) => out.double(field, Number(value));
/** Any: the value as YAML in field 2. */
export const any: Put = (out, field, value) => out.message(field, () => out.string(2, formatYaml(value)));

export const each =
  (put: Put): Put =>
  (out, field, values) => {
    for (const value of values as unknown[]) put(out, field, value);
  };

export const message =
  (shape: () => Shape): Put =>
  (out, field, value) =>
    out.message(field, () => putFields(out, shape(), value as Json));

/** A message whose only field, of number 1, is the value: one of several forms it may have. */
export const wrapped =
  (put: Put): Put =>
  (out, field, value) =>
    out.message(field, () => put(out, 1, value));

/** One of two messages: field 1 the thing itself, field 2 a reference to one. */
export const orReference =
  (put: Put, reference: Shape): Put =>
  (out, field, value) =>
    out.message(field, () => {
      if (typeof (value as Json)['$ref'] === 'string') message(() => reference)(out, 2, value);
      else put(out, 1, value);
    });

/** Repeated { name, value }. */
export const named =
  (put: Put): Put =>
  (out, field, values) => {
    for (const [name, value] of Object.entries(values as Json)) {
      out.message(field, () => {
        out.string(1, name);
        put(out, 2, value);
      });
    }
  };

/** A message whose only field, of that number, has the named values. */
export const map =
  (put: Put, inner = 1): Put =>
  (out, field, values) =>
    out.message(field, () => named(put)(out, inner, values));

/** The methods of a path, which have numbers one after the other in both versions. */
export const methodsFrom = (first: number, put: Put): Shape['fields'] =>
  Object.fromEntries(
    ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'].map((method, i) => [method, [first + i, put]]),
  );

/** Encodes a document as the message of a shape. */
export function encodeAs(shape: Shape, document: Json): Buffer {
  const out = new Writer();
  putFields(out, shape, document);
  return out.finish();
}

function putFields(out: Writer, shape: Shape, value: Json): void {
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    if (Object.hasOwn(shape.fields, name)) {
      const [field, put] = shape.fields[name]!;
      put(out, field, member);
    } else if (shape.extensions !== undefined && name.startsWith('x-')) {
      named(any)(out, shape.extensions, { [name]: member });
    }
  }
}
