import { enums } from '@coracle/api/generated/enums';
import type { AnyKind } from '@coracle/api/kind';
import {
  defaultOf,
  type FieldSchema,
  isAtomicType,
  objectSchemaOf,
  type ScalarName,
  type Schema,
  zeroOf,
} from '@coracle/api/schema';
import { commonKinds, type DocumentScope } from './common-kinds.ts';
import { customSchema } from './custom-schema.ts';
import { unions } from './unions.ts';
import type { KindWords } from './words.ts';

/** A JSON object of an OpenAPI document. */
export type Json = { [key: string]: unknown };

const scalarRefs: Partial<Record<ScalarName, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  any: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
};

const scalarTypes: Partial<Record<ScalarName, Json>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  duration: { type: 'string' },
};

/** The schemas that stand for scalars with a form of their own. */
const scalarSchemas: Readonly<Record<string, Json>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': { type: 'object' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
};

const text = { type: 'string' };
const writtenText = { ...text, default: '' };
const versionTexts = [
  'major',
  'minor',
  'gitVersion',
  'gitCommit',
  'gitTreeState',
  'buildDate',
  'goVersion',
  'compiler',
];

/** Types that the generated tables do not have: a patch may be of any form, and the page `/version` is no API object. */
const others: Readonly<Record<string, Json>> = {
  'meta/v1.Patch': { type: 'object' },
  'version.Info': {
    type: 'object',
    required: [...versionTexts, 'platform'],
    properties: Object.fromEntries([
      ...[...versionTexts, 'platform'].map((name) => [name, writtenText]),
      ...['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'].map((name) => [
        name,
        text,
      ]),
    ]),
  },
};

/** The OpenAPI name of a generated type: `core/v1.Pod` is `io.k8s.api.core.v1.Pod`. */
export function schemaName(type: string): string {
  if (type === 'version.Info') return 'io.k8s.apimachinery.pkg.version.Info';
  const [group = '', rest = ''] = type.split('/');
  if (group === 'custom') {
    const [domain = '', versioned = ''] = [rest, type.slice(`custom/${rest}/`.length)];
    return `${domain.split('.').reverse().join('.')}.${versioned}`;
  }
  if (group === 'meta') return `io.k8s.apimachinery.pkg.apis.meta.${rest}`;
  if (group === 'apiextensions') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${rest}`;
  if (group === 'apiregistration') return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${rest}`;
  return `io.k8s.api.${group}.${rest}`;
}

const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** What fields of any form are called, where it is not an extension that they hold. */
const anyOfFields: Readonly<Record<string, string>> = {
  'meta/v1.ManagedFieldsEntry.fieldsV1': 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  ...Object.fromEntries(
    Object.entries({
      default: 'JSON',
      example: 'JSON',
      enum: 'JSON',
      items: 'JSONSchemaPropsOrArray',
      additionalItems: 'JSONSchemaPropsOrBool',
      additionalProperties: 'JSONSchemaPropsOrBool',
      dependencies: 'JSONSchemaPropsOrStringArray',
    }).map(([field, name]) => [`apiextensions/v1.JSONSchemaProps.${field}`, `${extensions}.${name}`]),
  ),
};

/** The type of lists of a kind: a custom resource's is called as its definition says. */
export const listType = (kind: AnyKind): string =>
  kind.dynamic ? `custom/${kind.apiVersion}.${kind.listKind}` : `${kind.type}List`;

/** Says which texts a field is one of, or its items or values are. */
function addEnum(property: Json, texts: readonly string[]): void {
  const { items, additionalProperties } = property as { items?: Json; additionalProperties?: Json };
  (items ?? additionalProperties ?? property)['enum'] = texts;
}

/** Collects the schemas of types and of all they refer to. */
export class SchemaCollection {
  readonly schemas: Record<string, Json> = {};
  readonly #kinds: ReadonlyMap<string, AnyKind[]>;
  readonly #words: KindWords;
  readonly #scope: DocumentScope;

  /** `kinds` name the types that get an `x-kubernetes-group-version-kind`, `words` describe types and fields. */
  constructor(kinds: readonly AnyKind[], words: KindWords, scope: DocumentScope) {
    this.#words = words;
    this.#scope = scope;
    const byType = new Map<string, AnyKind[]>();
    for (const kind of kinds) {
      for (const type of [kind.type, listType(kind)]) byType.set(type, [...(byType.get(type) ?? []), kind]);
    }
    this.#kinds = byType;
  }

  /** A reference to a generated type; the type, and what it is made of, come along. */
  reference(type: string): Json {
    const name = schemaName(type);
    if (!this.schemas[name]) {
      this.schemas[name] = {};
      this.schemas[name] = others[type] ?? this.#object(type);
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #object(type: string): Json {
    const custom = this.#customOf(type);
    if (custom) return this.#custom(custom, type);
    const properties: Json = {};
    const required: string[] = [];
    const kinds = this.#kinds.get(type);
    const isKind = kinds !== undefined;
    for (const field of objectSchemaOf(type).fields.values()) {
      const description = this.#words(type, isKind, field.name);
      const said = description === undefined ? {} : { description };
      properties[field.name] = this.#field(field, said, anyOfFields[`${type}.${field.name}`]);
      const texts = enums[`${type}.${field.name}`];
      if (texts) addEnum(properties[field.name] as Json, texts);
      if (!field.row.optional || field.row.required) required.push(field.name);
    }
    const description = this.#words(type, isKind);
    const schema: Json = { ...(description === undefined ? {} : { description }), type: 'object' };
    if (Object.keys(properties).length > 0) schema['properties'] = properties;
    if (required.length > 0) schema['required'] = required;
    if (isAtomicType(type)) schema['x-kubernetes-map-type'] = 'atomic';
    const isList = type.endsWith('List');
    if (unions[type]) schema['x-kubernetes-unions'] = [unions[type]];
    const common = commonKinds(type, this.#scope);
    if (common) schema['x-kubernetes-group-version-kind'] = common;
    if (kinds) {
      schema['x-kubernetes-group-version-kind'] = kinds.map((kind) => ({
        group: kind.group,
        version: kind.version,
        kind: isList && kind.type !== type ? kind.listKind : kind.kind,
      }));
    }
    return schema;
  }

  #customOf(type: string): AnyKind | undefined {
    return this.#kinds.get(type)?.find((kind) => kind.dynamic);
  }

  /** A custom resource as its definition describes it, and a list of it. */
  #custom(kind: AnyKind, type: string): Json {
    const isList = type !== kind.type;
    const described = (name: string, json: Json): Json => {
      const description = this.#words(type, true, name);
      return { ...(description === undefined ? {} : { description }), ...json };
    };
    const metaOf = isList ? 'meta/v1.ListMeta' : 'meta/v1.ObjectMeta';
    const head = {
      apiVersion: described('apiVersion', text),
      kind: described('kind', text),
      metadata: described('metadata', { allOf: [this.reference(metaOf)] }),
    };
    const selectable = Object.keys(kind.selectableFields ?? {}).map((fieldPath) => ({ fieldPath }));
    const identity = {
      'x-kubernetes-group-version-kind': [
        { group: kind.group, kind: isList ? kind.listKind : kind.kind, version: kind.version },
      ],
      ...(selectable.length > 0 ? { 'x-kubernetes-selectable-fields': selectable } : {}),
    };
    if (!isList) return { ...customSchema(kind.dynamic!.openApi, head), ...identity };
    const items = { type: 'array', items: this.reference(kind.type) };
    return { type: 'object', properties: { ...head, items }, required: ['items'], ...identity };
  }

  /** `said`: its description; `any`: what values of any form are called in it. A reference is wrapped where more is said. */
  #field(field: FieldSchema, said: Json, any?: string): Json {
    const { row, schema } = field;
    const json = this.#schema(schema, any);
    // Always a copy: the scalars' schemas are shared by all fields.
    const wrapped: Json = { ...said, ...('$ref' in json ? { allOf: [json] } : json) };
    if ('$ref' in json && !row.pointer && schema.is === 'object') wrapped['default'] = {};
    const value = defaultOf(field);
    if (value !== undefined) wrapped['default'] = value;
    if (row.listType) wrapped['x-kubernetes-list-type'] = row.listType;
    if (row.keys) wrapped['x-kubernetes-list-map-keys'] = row.keys;
    const saysItself = schema.is === 'object' && isAtomicType(schema.name);
    const mapType = row.mapType ?? (row.atomic && !saysItself ? 'atomic' : undefined);
    if (mapType) wrapped['x-kubernetes-map-type'] = mapType;
    if (row.patch) wrapped['x-kubernetes-patch-strategy'] = row.patch;
    if (row.mergeKey) wrapped['x-kubernetes-patch-merge-key'] = row.mergeKey;
    return '$ref' in json && Object.keys(wrapped).length === 1 ? json : wrapped;
  }

  #schema(schema: Schema, any?: string): Json {
    switch (schema.is) {
      case 'object':
        return this.reference(schema.name);
      case 'list':
        return { type: 'array', items: this.#inner(schema.items, any) };
      case 'map':
        return { type: 'object', additionalProperties: this.#inner(schema.values, any) };
      case 'scalar':
        return this.#scalar(schema.scalar, any);
    }
  }

  /** Items and values hold references to structs wrapped, as those of fields. */
  #inner(schema: Schema, any?: string): Json {
    const json = this.#schema(schema, any);
    if (schema.is === 'object') return { allOf: [json], default: {} };
    const value = zeroOf(schema);
    return value === undefined ? { ...json } : { ...json, default: value };
  }

  #scalar(scalar: ScalarName, any?: string): Json {
    const name = (scalar === 'any' ? any : undefined) ?? scalarRefs[scalar];
    if (!name) return scalarTypes[scalar]!;
    this.schemas[name] ??= scalarSchemas[name] ?? {};
    return { $ref: `#/components/schemas/${name}` };
  }
}
