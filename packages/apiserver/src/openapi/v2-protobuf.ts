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

/** The media type of the encoding below, the only one in which client-go asks for the document. */
export const openApiV2Protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** How clients name it in Accept: mostly in a form that is no valid media type, and so is not sent back. */
export const openApiV2ProtobufNames: readonly string[] = [
  openApiV2Protobuf,
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
];

const reference: Shape = { fields: { $ref: [1, text], description: [2, text] } };

const additionalProperties: Put = (out, field, value) =>
  out.message(field, () => {
    if (typeof value === 'boolean') out.varint(2, value ? 1 : 0);
    else message(() => schema)(out, 1, value);
  });

/** Types are a list of names. */
const types: Put = (out, field, value) => out.message(field, () => each(text)(out, 1, [value].flat()));

const externalDocs: Shape = { fields: { description: [1, text], url: [2, text] }, extensions: 3 };

const schema: Shape = {
  fields: {
    $ref: [1, text],
    format: [2, text],
    title: [3, text],
    description: [4, text],
    default: [5, any],
    multipleOf: [6, double],
    maximum: [7, double],
    exclusiveMaximum: [8, bool],
    minimum: [9, double],
    exclusiveMinimum: [10, bool],
    maxLength: [11, integer],
    minLength: [12, integer],
    pattern: [13, text],
    maxItems: [14, integer],
    minItems: [15, integer],
    uniqueItems: [16, bool],
    maxProperties: [17, integer],
    minProperties: [18, integer],
    required: [19, each(text)],
    enum: [20, each(any)],
    additionalProperties: [21, additionalProperties],
    type: [22, types],
    items: [23, wrapped(message(() => schema))],
    properties: [25, map(message(() => schema))],
    externalDocs: [29, message(() => externalDocs)],
    example: [30, any],
  },
  extensions: 31,
};

const bodyParameter: Shape = {
  fields: {
    description: [1, text],
    name: [2, text],
    in: [3, text],
    required: [4, bool],
    schema: [5, message(() => schema)],
  },
  extensions: 6,
};

const aboutParameter = { required: [1, bool], in: [2, text], description: [3, text], name: [4, text] } as const;
const queryParameter: Shape = {
  fields: {
    ...aboutParameter,
    allowEmptyValue: [5, bool],
    type: [6, text],
    format: [7, text],
    uniqueItems: [20, bool],
  },
  extensions: 23,
};
const pathParameter: Shape = {
  fields: { ...aboutParameter, type: [5, text], format: [6, text], uniqueItems: [19, bool] },
  extensions: 22,
};

/** By where they stand: a body in field 1; in field 2 what stands in the query or the path. */
const parameter: Put = (out, field, value) =>
  out.message(field, () => {
    const place = (value as Json)['in'];
    if (place === 'body') message(() => bodyParameter)(out, 1, value);
    else if (place === 'query') wrappedAs(3, queryParameter)(out, 2, value);
    else if (place === 'path') wrappedAs(4, pathParameter)(out, 2, value);
  });

const wrappedAs =
  (inner: number, shape: Shape): Put =>
  (out, field, value) =>
    out.message(field, () => message(() => shape)(out, inner, value));

const parameters = each(orReference(parameter, reference));

const response: Shape = { fields: { description: [1, text], schema: [2, wrapped(message(() => schema))] } };

const operation: Shape = {
  fields: {
    tags: [1, each(text)],
    summary: [2, text],
    description: [3, text],
    operationId: [5, text],
    produces: [6, each(text)],
    consumes: [7, each(text)],
    parameters: [8, parameters],
    responses: [
      9,
      map(
        orReference(
          message(() => response),
          reference,
        ),
      ),
    ],
    schemes: [10, each(text)],
    deprecated: [11, bool],
  },
  extensions: 13,
};

const pathItem: Shape = {
  fields: {
    ...methodsFrom(
      2,
      message(() => operation),
    ),
    parameters: [9, parameters],
  },
  extensions: 10,
};

const apiKey: Shape = { fields: { type: [1, text], name: [2, text], in: [3, text], description: [4, text] } };

/** A security definition is one of six messages; field 2 is a key in a header. */
const securityDefinition: Put = (out, field, value) => out.message(field, () => message(() => apiKey)(out, 2, value));

const document: Shape = {
  fields: {
    swagger: [1, text],
    info: [2, message(() => ({ fields: { title: [1, text], version: [2, text] } }))],
    paths: [
      8,
      map(
        message(() => pathItem),
        2,
      ),
    ],
    definitions: [9, map(message(() => schema))],
    parameters: [10, map(parameter)],
    security: [12, each(map((out, field, scopes) => out.message(field, () => each(text)(out, 1, scopes))))],
    securityDefinitions: [13, map(securityDefinition)],
  },
};

/** Encodes a 2.0 document of `openApiV2`. */
export const encodeOpenApiV2 = (value: Json): Buffer => encodeAs(document, value);
