import { Writer } from '@coracle/api/codec/protobuf-wire';
import { formatYaml } from '@coracle/api/codec/yaml';
import type { Json } from './schemas.ts';

/** The media type of the encoding below, the only one in which client-go asks for the document. */
export const openApiV2Protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** How clients name it in Accept: mostly in a form that is no valid media type, and so is not sent back. */
export const openApiV2ProtobufNames: readonly string[] = [
  openApiV2Protobuf,
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
];

/** Field numbers of openapi.v2 (github.com/google/gnostic-models), as far as documents have them. */
const inDocument = { swagger: 1, info: 2, paths: 8, definitions: 9 } as const;
const inInfo = { title: 1, version: 2 } as const;
const inSchema = {
  $ref: 1,
  format: 2,
  description: 4,
  required: 19,
  additionalProperties: 21,
  type: 22,
  items: 23,
  properties: 25,
  extension: 31,
} as const;

/** Encodes a 2.0 document of `openApiV2`. */
export function encodeOpenApiV2(document: Json): Buffer {
  const info = document['info'] as { title: string; version: string };
  return message((out) => {
    out.bytes(inDocument.swagger, text(document['swagger']));
    out.bytes(
      inDocument.info,
      message((inner) => {
        inner.bytes(inInfo.title, text(info.title));
        inner.bytes(inInfo.version, text(info.version));
      }),
    );
    out.bytes(inDocument.paths, Buffer.alloc(0));
    out.bytes(inDocument.definitions, namedSchemas(document['definitions'] as Record<string, Json>));
  });
}

/** Definitions and Properties: repeated { name, schema } in field 1. */
function namedSchemas(schemas: Record<string, Json>): Buffer {
  return message((out) => {
    for (const [name, schema] of Object.entries(schemas)) out.bytes(1, named(name, encodeSchema(schema)));
  });
}

const named = (name: string, value: Buffer): Buffer =>
  message((out) => {
    out.bytes(1, text(name));
    out.bytes(2, value);
  });

function encodeSchema(schema: Json): Buffer {
  return message((out) => {
    for (const field of ['$ref', 'format', 'description'] as const) {
      if (schema[field] !== undefined) out.bytes(inSchema[field], text(schema[field]));
    }
    for (const name of (schema['required'] ?? []) as string[]) out.bytes(inSchema.required, text(name));
    // Types, items and additionalProperties may each be one of several forms, so the value is field 1 of a message of its own.
    for (const field of ['additionalProperties', 'items'] as const) {
      if (schema[field])
        out.bytes(
          inSchema[field],
          message((inner) => inner.bytes(1, encodeSchema(schema[field] as Json))),
        );
    }
    if (schema['type'])
      out.bytes(
        inSchema.type,
        message((inner) => inner.bytes(1, text(schema['type']))),
      );
    if (schema['properties'])
      out.bytes(inSchema.properties, namedSchemas(schema['properties'] as Record<string, Json>));
    for (const [name, value] of Object.entries(schema)) {
      // Any: the value as YAML in field 2.
      if (name.startsWith('x-')) {
        out.bytes(
          inSchema.extension,
          named(
            name,
            message((inner) => inner.bytes(2, text(formatYaml(value)))),
          ),
        );
      }
    }
  });
}

const text = (value: unknown): Buffer => Buffer.from(String(value));

function message(fill: (out: Writer) => void): Buffer {
  const out = new Writer();
  fill(out);
  return out.finish();
}
