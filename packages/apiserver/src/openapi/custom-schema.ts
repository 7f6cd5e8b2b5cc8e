import { isObject } from '@coracle/api/meta/object';
import type { Json } from './schemas.ts';

/**
 * The schema of a custom resource: what its definition says, with the properties of every object (`head`) in place of what it says of those. Resources
 * embedded in it have them too, and must say what they are.
 */
export function customSchema(openApi: Json, head: Json): Json {
  return withHead(withEmbedded(openApi, head), head);
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
    ...(isObject(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, inner(each)])) }
      : {}),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: inner(additionalProperties) }),
  };
}
