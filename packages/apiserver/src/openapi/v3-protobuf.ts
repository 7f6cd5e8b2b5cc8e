import { Writer } from '@coracle/api/codec/protobuf-wire';
import { formatYaml } from '@coracle/api/codec/yaml';
import type { Json } from './schemas.ts';

/** The media type of the encoding below. */
export const openApiV3Protobuf = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';

/** How clients name it in Accept; the older name is no valid media type, and so is not sent back. */
export const openApiV3ProtobufNames: readonly string[] = [
  openApiV3Protobuf,
  'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
];

/** Writes one value as the field of that number. */
type Put = (out: Writer, field: number, value: unknown) => void;

/** The fields of a message of openapi.v3 (github.com/google/gnostic-models) by their names in JSON, as far as documents have them. */
interface Shape {
  readonly fields: Readonly<Record<string, readonly [field: number, put: Put]>>;
  /** Where `x-…` go. */
  readonly extensions?: number;
}

const text: Put = (out, field, value) => out.string(field, String(value));
const bool: Put = (out, field, value) => value === true && out.varint(field, 1);
const integer: Put = (out, field, value) => out.varint(field, value as number | bigint);
const double: Put = (out, field, value) => out.double(field, Number(value));
/** Any: the value as YAML in field 2. */
const any: Put = (out, field, value) => out.message(field, () => out.string(2, formatYaml(value)));

const each =
  (put: Put): Put =>
  (out, field, values) => {
    for (const value of values as unknown[]) put(out, field, value);
  };

const message =
  (shape: () => Shape): Put =>
  (out, field, value) =>
    out.message(field, () => putFields(out, shape(), value as Json));

/** One of two messages: field 1 the thing itself, field 2 a reference to one. */
const orReference =
  (put: Put): Put =>
  (out, field, value) =>
    out.message(field, () => {
      if (typeof (value as Json)['$ref'] === 'string') message(() => reference)(out, 2, value);
      else put(out, 1, value);
    });

/** Repeated { name, value }. */
const named =
  (put: Put): Put =>
  (out, field, values) => {
    for (const [name, value] of Object.entries(values as Json)) {
      out.message(field, () => {
        out.string(1, name);
        put(out, 2, value);
      });
    }
  };

/** A message whose only field has the named values. */
const map =
  (put: Put): Put =>
  (out, field, values) =>
    out.message(field, () => named(put)(out, 1, values));

const schemaOrReference = orReference(message(() => schema));

const additionalProperties: Put = (out, field, value) =>
  out.message(field, () => {
    if (typeof value === 'boolean') out.varint(2, value ? 1 : 0);
    else schemaOrReference(out, 1, value);
  });

/** Defaults are numbers, booleans or strings; of any other only its being there can be said. */
const defaultValue: Put = (out, field, value) =>
  out.message(field, () => {
    if (typeof value === 'number' || typeof value === 'bigint') out.double(1, Number(value));
    if (typeof value === 'boolean') out.varint(2, value ? 1 : 0);
    if (typeof value === 'string') out.string(3, value);
  });

const items: Put = (out, field, value) => out.message(field, () => schemaOrReference(out, 1, value));

const reference: Shape = { fields: { $ref: [1, text], summary: [2, text], description: [3, text] } };

const externalDocs: Shape = { fields: { description: [1, text], url: [2, text] }, extensions: 3 };

const schema: Shape = {
  fields: {
    nullable: [1, bool],
    externalDocs: [6, message(() => externalDocs)],
    example: [7, any],
    title: [9, text],
    multipleOf: [10, double],
    maximum: [11, double],
    exclusiveMaximum: [12, bool],
    minimum: [13, double],
    exclusiveMinimum: [14, bool],
    maxLength: [15, integer],
    minLength: [16, integer],
    pattern: [17, text],
    maxItems: [18, integer],
    minItems: [19, integer],
    uniqueItems: [20, bool],
    maxProperties: [21, integer],
    minProperties: [22, integer],
    required: [23, each(text)],
    enum: [24, each(any)],
    type: [25, text],
    allOf: [26, each(schemaOrReference)],
    oneOf: [27, each(schemaOrReference)],
    anyOf: [28, each(schemaOrReference)],
    not: [29, message(() => schema)],
    items: [30, items],
    properties: [31, map(schemaOrReference)],
    additionalProperties: [32, additionalProperties],
    default: [33, defaultValue],
    description: [34, text],
    format: [35, text],
  },
  extensions: 36,
};

const mediaType: Shape = { fields: { schema: [1, schemaOrReference] } };
const content = map(message(() => mediaType));

const parameter: Shape = {
  fields: {
    name: [1, text],
    in: [2, text],
    description: [3, text],
    required: [4, bool],
    schema: [10, schemaOrReference],
  },
};
const parameters = each(orReference(message(() => parameter)));

const requestBody: Shape = { fields: { description: [1, text], content: [2, content], required: [3, bool] } };

const response: Shape = { fields: { description: [1, text], content: [3, content] } };

const responses: Put = (out, field, values) =>
  out.message(field, () => named(orReference(message(() => response)))(out, 2, values));

const operation: Shape = {
  fields: {
    tags: [1, each(text)],
    description: [3, text],
    operationId: [5, text],
    parameters: [6, parameters],
    requestBody: [7, orReference(message(() => requestBody))],
    responses: [8, responses],
    deprecated: [10, bool],
  },
  extensions: 13,
};

const pathItem: Shape = {
  fields: {
    get: [4, message(() => operation)],
    put: [5, message(() => operation)],
    post: [6, message(() => operation)],
    delete: [7, message(() => operation)],
    options: [8, message(() => operation)],
    head: [9, message(() => operation)],
    patch: [10, message(() => operation)],
    parameters: [13, parameters],
  },
};

const document: Shape = {
  fields: {
    openapi: [1, text],
    info: [2, message(() => ({ fields: { title: [1, text], version: [6, text] } }))],
    paths: [4, map(message(() => pathItem))],
    components: [5, message(() => ({ fields: { schemas: [1, map(schemaOrReference)] } }))],
  },
};

/** Encodes a 3.0 document of `openApiDocument`. */
export function encodeOpenApiV3(value: Json): Buffer {
  const out = new Writer();
  putFields(out, document, value);
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
