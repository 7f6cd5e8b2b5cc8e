import type { AnyKind } from '@coracle/api/kind';
import { isServed } from '../discovery/resources.ts';
import { type Json, SchemaCollection } from './schemas.ts';

/**
 * The OpenAPI 2.0 document: the definitions of all kinds. Upstream's kubectl reads it where a manifest's kind is in no v3 document (lists,
 * kinds the server does not have) and cannot go on without. Paths are described in v3 only.
 */
export function openApiV2(kinds: readonly AnyKind[], version: string): Json {
  const collection = new SchemaCollection(kinds);
  for (const kind of kinds) {
    if (!isServed(kind)) continue;
    collection.reference(kind.type);
    if ((kind.verbs as readonly string[]).includes('list')) collection.reference(`${kind.type}List`);
  }
  const definitions = Object.fromEntries(
    Object.keys(collection.schemas)
      .sort()
      .map((name) => [name, definition(collection.schemas[name]!)]),
  );
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths: {}, definitions };
}

/** A v3 schema in the terms of 2.0, which knows neither `oneOf` nor anything beside a reference. */
function definition(schema: Json): Json {
  const reference = referenceOf(schema);
  if (reference !== undefined) return { $ref: reference.replace('#/components/schemas/', '#/definitions/') };
  const { oneOf, allOf: _, default: __, properties, items, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...(oneOf ? { type: 'string' } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, each]) => [name, definition(each as Json)]),
          ),
        }
      : {}),
    ...(items ? { items: definition(items as Json) } : {}),
    ...(additionalProperties ? { additionalProperties: definition(additionalProperties as Json) } : {}),
  };
}

function referenceOf({ $ref, allOf }: Json): string | undefined {
  return ($ref ?? (allOf as Json[] | undefined)?.[0]?.['$ref']) as string | undefined;
}
