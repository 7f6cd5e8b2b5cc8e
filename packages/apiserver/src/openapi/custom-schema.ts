import { isObject } from '@coracle/api/meta/object';
import type { Json } from './schemas.ts';

/** Marks schemas of custom resources: 2.0 has defaults in those alone. */
export const isCustom = Symbol('custom');

const integerOrText = [{ type: 'integer' }, { type: 'string' }];

/**
 * The schema of a custom resource: what its definition says, with the properties of every object (`head`) in place of what it says of those. Resources
 * embedded in it have them too, and must say what they are. What is an integer or a text says so in OpenAPI's terms, too.
 */
export function customSchema(openApi: Json, head: Json): Json {
  return { ...withHead(withEmbedded(openApi, head), head), [isCustom]: true } as Json;
}

function withHead(schema: Json, head: Json): Json {
  return { ...schema, properties: { ...(schema['properties'] as Json | undefined), ...head } };
}

function withEmbedded(schema: Json, head: Json): Json {
  const { properties, items, additionalProperties } = schema;
  const inner = (each: unknown): unknown => {
    if (!isObject(each)) return each;
    const whole = withEmbedded(each, head);
    if (whole['x-kubernetes-embedded-resource'] !== true) return whole;
    const required = new Set([...((whole['required'] as string[] | undefined) ?? []), 'kind', 'apiVersion']);
    return { ...withHead(whole, head), required: [...required] };
  };
  return {
    ...schema,
    ...(schema['x-kubernetes-int-or-string'] === true && !schema['anyOf'] && !saysForms(schema['allOf'])
      ? { anyOf: integerOrText }
      : {}),
    ...(isObject(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, inner(each)])) }
      : {}),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: inner(additionalProperties) }),
  };
}

/** Whether the first of `allOf` says what an integer or a text is. */
const saysForms = (allOf: unknown): boolean =>
  Array.isArray(allOf) && isObject(allOf[0]) && allOf[0]['anyOf'] !== undefined;
