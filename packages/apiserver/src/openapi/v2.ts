import type { AnyKind } from '@coracle/api/kind';
import { isServed } from '../discovery/resources.ts';
import { type Json, SchemaCollection } from './schemas.ts';
import type { KindWords } from './words.ts';

/**
 * The OpenAPI 2.0 document: the definitions of all kinds. Upstream's kubectl reads it where a manifest's kind is in no v3 document (lists,
 * kinds the server does not have) and cannot go on without. Paths are described in v3 only.
 */
export function openApiV2(kinds: readonly AnyKind[], version: string, words: KindWords): Json {
  const collection = new SchemaCollection(kinds, words);
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

/**
 * A v3 schema in the terms of 2.0, which knows neither `oneOf` and its like nor anything beside a reference. Of what may be null, or may have fields
 * that are not declared, nothing is said: clients that check by this document would refuse it.
 */
function definition(schema: Json): Json {
  const reference = referenceOf(schema);
  if (reference !== undefined) {
    const { description } = schema;
    const $ref = reference.replace('#/components/schemas/', '#/definitions/');
    // Upstream's document says what a field is beside its reference, though 2.0 has readers pass over that.
    return { ...(description === undefined ? {} : { description }), $ref };
  }
  const { oneOf, allOf: _, anyOf: __, not: ___, default: ____, nullable, ...known } = schema;
  const open = nullable === true || known['x-kubernetes-preserve-unknown-fields'] === true;
  const { properties, items, additionalProperties, ...rest } = open ? withoutForm(known) : known;
  return {
    ...rest,
    ...(oneOf && !('type' in rest) && !open && !rest['x-kubernetes-int-or-string'] ? { type: 'string' } : {}),
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

function withoutForm({ type: _, properties: __, items: ___, additionalProperties: ____, ...rest }: Json): Json {
  return rest;
}

function referenceOf({ $ref, allOf }: Json): string | undefined {
  return ($ref ?? (allOf as Json[] | undefined)?.[0]?.['$ref']) as string | undefined;
}
