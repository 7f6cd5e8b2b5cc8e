import { CommandFailure } from '../cli/failure.ts';
import type { Rest } from '../rest/rest.ts';
import type { Resource } from './resource.ts';

/** A schema of an OpenAPI v3 document, as far as explain reads it. */
export interface OpenApiSchema {
  readonly $ref?: string;
  readonly allOf?: readonly OpenApiSchema[];
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly items?: OpenApiSchema;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

/** The OpenAPI v3 document of one group-version (KEP-2896). */
export class OpenApiDocument {
  readonly #schemas: Readonly<Record<string, OpenApiSchema>>;

  constructor(document: { components?: { schemas?: Record<string, OpenApiSchema> } }) {
    this.#schemas = document.components?.schemas ?? {};
  }

  static async load(rest: Rest, resource: Resource): Promise<OpenApiDocument> {
    const root = await rest.json<{ paths: Record<string, { serverRelativeURL: string }> }>('GET', '/openapi/v3');
    const key = resource.group === '' ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`;
    const entry = root.paths[key];
    if (!entry)
      throw new CommandFailure(`couldn't find resource for "${resource.apiVersion}, Resource=${resource.name}"`);
    return new OpenApiDocument(await rest.json('GET', entry.serverRelativeURL));
  }

  schemaOf({ group, version, kind }: Resource): OpenApiSchema {
    for (const [name, schema] of Object.entries(this.#schemas)) {
      const kinds = schema['x-kubernetes-group-version-kind'] ?? [];
      if (kinds.some((each) => each.group === group && each.version === version && each.kind === kind)) {
        return { $ref: `#/components/schemas/${name}` };
      }
    }
    throw new CommandFailure(`GVK ${group}/${version}, Kind=${kind} not found in OpenAPI schema`);
  }

  /** The name of the schema a reference leads to, through lists and maps; undefined for scalars. */
  nameOf(schema: OpenApiSchema): string | undefined {
    const reference = schema.$ref ?? schema.allOf?.find((each) => each.$ref)?.$ref;
    if (reference) return reference.slice(reference.lastIndexOf('/') + 1);
    const inner =
      schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
    return inner && this.nameOf(inner);
  }

  /** The fields of an object, or of the objects in a list or map. */
  propertiesOf(schema: OpenApiSchema): ReadonlyMap<string, OpenApiSchema> {
    const own = this.#target(schema);
    return new Map(Object.entries(own.properties ?? {}));
  }

  requiredOf(schema: OpenApiSchema): ReadonlySet<string> {
    return new Set(this.#target(schema).required ?? []);
  }

  enumOf(schema: OpenApiSchema): string[] {
    return (this.#resolved(schema).enum ?? schema.enum ?? []).map(String);
  }

  /** The field's own description, then that of its type. */
  descriptionsOf(schema: OpenApiSchema): string[] {
    const target = this.#target(schema);
    return [...new Set([schema.description ?? '', target === schema ? '' : (target.description ?? '')])].filter(
      (text) => text !== '',
    );
  }

  /** `string`, `[]Container`, `map[string]string` … */
  typeOf(schema: OpenApiSchema): string {
    const reference = schema.$ref ?? schema.allOf?.find((each) => each.$ref)?.$ref;
    if (reference) {
      const { type } = this.#resolved(schema);
      return type === undefined || type === 'object' || type === 'array'
        ? reference.slice(reference.lastIndexOf('.') + 1)
        : type;
    }
    if (schema.type === 'array') return `[]${schema.items ? this.typeOf(schema.items) : 'Object'}`;
    if (typeof schema.additionalProperties === 'object')
      return `map[string]${this.typeOf(schema.additionalProperties)}`;
    return schema.type === 'object' || schema.type === undefined ? 'Object' : schema.type;
  }

  #resolved(schema: OpenApiSchema): OpenApiSchema {
    const reference = schema.$ref ?? schema.allOf?.find((each) => each.$ref)?.$ref;
    return reference ? (this.#schemas[reference.slice(reference.lastIndexOf('/') + 1)] ?? {}) : schema;
  }

  #target(schema: OpenApiSchema): OpenApiSchema {
    const own = this.#resolved(schema);
    if (own.items) return this.#target(own.items);
    if (typeof own.additionalProperties === 'object') return this.#target(own.additionalProperties);
    return own;
  }
}
