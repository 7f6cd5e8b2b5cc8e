import { isObject } from '@coracle/api/meta/object';
import type { Json } from './schemas.ts';

/**
 * An OpenAPI 2.0 document in the terms of 3.0: what is sent and answered is said by media type, and definitions are components. For servers that
 * describe themselves in 2.0 only.
 */
export function v3OfV2(document: Json): Json {
  const { info, paths, definitions, consumes, produces } = document;
  const media = { consumes: listOf(consumes), produces: listOf(produces) };
  return {
    openapi: '3.0.0',
    info,
    paths: mapped(paths, (path) => pathOf(path as Json, media)),
    components: { schemas: mapped(definitions, schemaOf) },
  };
}

interface Media {
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
}

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch']);

function pathOf(path: Json, media: Media): Json {
  return Object.fromEntries(
    Object.entries(path).map(([name, each]) => {
      if (methods.has(name)) return [name, operationOf(each as Json, media)];
      return [name, name === 'parameters' ? (each as Json[]).map(parameterOf) : each];
    }),
  );
}

function operationOf(operation: Json, outer: Media): Json {
  const { consumes, produces, parameters, responses, schemes: _, ...rest } = operation;
  const all = (parameters ?? []) as Json[];
  const body = all.find((each) => each['in'] === 'body');
  const others = all.filter((each) => each !== body);
  const sent = consumes === undefined ? outer.consumes : listOf(consumes);
  const answered = produces === undefined ? outer.produces : listOf(produces);
  return {
    ...rest,
    ...(others.length > 0 ? { parameters: others.map(parameterOf) } : {}),
    ...(body
      ? {
          requestBody: {
            ...(body['description'] === undefined ? {} : { description: body['description'] }),
            content: contentOf(body['schema'], sent),
            ...(body['required'] === undefined ? {} : { required: body['required'] }),
          },
        }
      : {}),
    responses: mapped(responses, (response) => {
      const { schema, ...more } = response as Json;
      return schema === undefined ? more : { ...more, content: contentOf(schema, answered) };
    }),
  };
}

function contentOf(schema: unknown, types: readonly string[]): Json {
  const known = types.length > 0 && !types.includes('*/*') ? types : ['*/*'];
  return Object.fromEntries(known.map((type) => [type, { schema: schemaOf(schema) }]));
}

const aboutParameter = new Set(['name', 'in', 'description', 'required', 'allowEmptyValue']);

/** What a parameter may be is a schema of its own in 3.0. */
function parameterOf(parameter: Json): Json {
  const entries = Object.entries(parameter);
  const isAbout = (name: string) => aboutParameter.has(name) || name.startsWith('x-');
  return {
    ...Object.fromEntries(entries.filter(([name]) => isAbout(name))),
    schema: schemaOf(Object.fromEntries(entries.filter(([name]) => !isAbout(name)))),
  };
}

const old = '#/definitions/';

/** A schema with its references where 3.0 has them. */
function schemaOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(schemaOf);
  return mapped(schema, (value, name) => {
    if (name === '$ref' && typeof value === 'string' && value.startsWith(old)) {
      return `#/components/schemas/${value.slice(old.length)}`;
    }
    return isObject(value) || Array.isArray(value) ? schemaOf(value) : value;
  });
}

function mapped(record: unknown, change: (value: unknown, name: string) => unknown): Json {
  if (!isObject(record)) return {};
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);
