import {
  any,
  bool,
  double,
  each,
  encodeAs,
  integer,
  map,
  message,
  methodsFrom,
  orReference,
  type Put,
  type Shape,
  text,
  wrapped,
} from './gnostic.ts';
import type { Json } from './schemas.ts';

/** The media type of the encoding below. */
export const openApiV3Protobuf = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';

/** How clients name it in Accept; the older name is no valid media type, and so is not sent back. */
export const openApiV3ProtobufNames: readonly string[] = [
  openApiV3Protobuf,
  'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
];

const reference: Shape = { fields: { $ref: [1, text], summary: [2, text], description: [3, text] } };
const schemaOrReference = orReference(
  message(() => schema),
  reference,
);

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
    items: [30, wrapped(schemaOrReference)],
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
const parameters = each(
  orReference(
    message(() => parameter),
    reference,
  ),
);

const requestBody: Shape = { fields: { description: [1, text], content: [2, content], required: [3, bool] } };

const response: Shape = { fields: { description: [1, text], content: [3, content] } };

const responses = map(
  orReference(
    message(() => response),
    reference,
  ),
  2,
);

const operation: Shape = {
  fields: {
    tags: [1, each(text)],
    description: [3, text],
    operationId: [5, text],
    parameters: [6, parameters],
    requestBody: [
      7,
      orReference(
        message(() => requestBody),
        reference,
      ),
    ],
    responses: [8, responses],
    deprecated: [10, bool],
  },
  extensions: 13,
};

const pathItem: Shape = {
  fields: {
    ...methodsFrom(
      4,
      message(() => operation),
    ),
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
export const encodeOpenApiV3 = (value: Json): Buffer => encodeAs(document, value);
