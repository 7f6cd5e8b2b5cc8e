import { createHash } from 'node:crypto';
import { isCustom } from './custom-schema.ts';
import { security } from './document.ts';
import { consumes } from './operations.ts';
import type { Json } from './schemas.ts';

/**
 * An OpenAPI 3.0 document in the terms of 2.0: bodies are parameters, what is sent and answered is listed by operation, and parameters of the same form are
 * declared once.
 */
export function openApiV2({ info, paths, components }: Json): Json {
  const parameters: Json = {};
  const { schemas } = components as { schemas: Json };
  return {
    swagger: '2.0',
    info,
    paths: mapped(paths as Json, (path) => pathOf(path as Json, parameters)),
    definitions: mapped(schemas, (schema) => rootDefinition(schema as Json)),
    parameters: Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))),
    securityDefinitions: security.definitions,
    security: security.required,
  };
}

/** What an operation or a path says of parameters, those of the whole document in `known`. */
const parametersOf = (parameters: readonly Json[], known: Json): Json[] =>
  parameters.map((parameter) => {
    const { schema, ...about } = parameter;
    const made = { ...about, ...(schema as Json) };
    const name = `${about['name']}-${createHash('sha256').update(JSON.stringify(made)).digest('base64url').slice(0, 8)}`;
    known[name] ??= made;
    return { $ref: `#/parameters/${name}` };
  });

function pathOf(path: Json, known: Json): Json {
  return mapped(path, (each, name) =>
    name === 'parameters' ? parametersOf(each as Json[], known) : operationOf(each as Json, known),
  );
}

type Content = Record<string, { schema: Json }>;

function operationOf(operation: Json & { [consumes]?: readonly string[] }, known: Json): Json {
  const { parameters = [], requestBody, responses, [consumes]: withoutBody, ...rest } = operation;
  const sent = requestBody as { content: Content; required?: boolean } | undefined;
  const body = sent && {
    name: 'body',
    in: 'body',
    ...(sent.required ? { required: true } : {}),
    schema: definition(Object.values(sent.content)[0]!.schema),
  };
  const all = [...(body ? [body] : []), ...parametersOf(parameters as Json[], known)];
  const produced = new Set<string>();
  const answers = mapped(responses as Json, (response) => {
    const { content, ...about } = response as { content?: Content };
    for (const type of Object.keys(content ?? {})) produced.add(type);
    const first = Object.values(content ?? {})[0];
    return first ? { ...about, schema: definition(first.schema) } : about;
  });
  return {
    ...rest,
    consumes: sent ? Object.keys(sent.content) : (withoutBody ?? ['*/*']),
    produces: [...produced],
    schemes: ['https'],
    ...(all.length > 0 ? { parameters: all } : {}),
    responses: answers,
  };
}

/** Of a kind that takes any field nothing is said but what it is: clients would refuse all that is not declared. */
function rootDefinition(schema: Json & { [isCustom]?: true }): Json {
  if (schema['x-kubernetes-preserve-unknown-fields'] !== true) return definition(schema, schema[isCustom] === true);
  const identity = ['x-kubernetes-group-version-kind', 'x-kubernetes-selectable-fields'].filter(
    (name) => name in schema,
  );
  return { type: 'object', ...Object.fromEntries(identity.map((name) => [name, schema[name]])) };
}

/**
 * A v3 schema in the terms of 2.0, which knows neither `oneOf` and its like nor anything beside a reference. Of what may be null, or may have fields
 * that are not declared, nothing is said: clients that check by this document would refuse it. `defaults`: those are said.
 */
function definition(schema: Json, defaults = false): Json {
  const inner = (each: unknown) => definition(each as Json, defaults);
  const reference = referenceOf(schema);
  if (reference !== undefined) {
    const { description } = schema;
    const $ref = reference.replace('#/components/schemas/', '#/definitions/');
    // Upstream's document says what a field is beside its reference, though 2.0 has readers pass over that.
    return { ...(description === undefined ? {} : { description }), $ref };
  }
  const { oneOf, allOf: _, anyOf: __, not: ___, default: value, nullable, ...known } = schema;
  const open = nullable === true || known['x-kubernetes-preserve-unknown-fields'] === true;
  const { properties, items, additionalProperties, required, ...rest } = open ? withoutForm(known) : known;
  const needed = (required as string[] | undefined)?.filter((name) => !mayBeNull((properties as Json)?.[name]));
  return {
    ...rest,
    ...(defaults && value !== undefined ? { default: value } : {}),
    ...(needed && needed.length > 0 ? { required: needed } : {}),
    ...(oneOf && !('type' in rest) && !open && !rest['x-kubernetes-int-or-string'] ? { type: 'string' } : {}),
    ...(properties ? { properties: mapped(properties as Json, inner) } : {}),
    ...(items ? { items: inner(items) } : {}),
    ...(additionalProperties
      ? { additionalProperties: additionalProperties === true || inner(additionalProperties) }
      : {}),
  };
}

function withoutForm({
  type: _,
  properties: __,
  items: ___,
  additionalProperties: ____,
  required,
  ...rest
}: Json): Json {
  if (rest['x-kubernetes-embedded-resource'] !== true) return { ...rest, required };
  // What it is need not be said where it is not declared.
  return { ...rest, required: (required as string[]).filter((name) => name !== 'apiVersion' && name !== 'kind') };
}

const mayBeNull = (schema: unknown): boolean => (schema as Json | undefined)?.['nullable'] === true;

function referenceOf({ $ref, allOf }: Json): string | undefined {
  return ($ref ?? (allOf as Json[] | undefined)?.[0]?.['$ref']) as string | undefined;
}

function mapped(record: Json, change: (value: unknown, name: string) => unknown): Json {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}
