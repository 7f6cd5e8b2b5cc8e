import type {
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
  ValidationRule,
} from '../../generated/apiextensions/v1.ts';
import { isObject } from '../../meta/object.ts';

/**
 * Parts of definitions as upstream's messages show them: in its internal form, whose fields have Go's names, stand in the order they are
 * declared in and are there when they are empty.
 */

type Json = Record<string, unknown>;

const orNull = (value: unknown): unknown => value ?? null;
const listOf = <T>(list: readonly T[] | undefined, form: (each: T) => unknown): unknown => list?.map(form) ?? null;
const mapOf = <T>(map: Readonly<Record<string, T>> | undefined, form: (each: T) => unknown): unknown =>
  map
    ? Object.fromEntries(
        Object.keys(map)
          .sort()
          .map((key) => [key, form(map[key]!)]),
      )
    : null;

/** A rule of a schema. */
export const internalRule = (it: ValidationRule): Json => ({
  Rule: it.rule ?? '',
  Message: it.message ?? '',
  MessageExpression: it.messageExpression ?? '',
  Reason: orNull(it.reason),
  FieldPath: it.fieldPath ?? '',
  OptionalOldSelf: orNull(it.optionalOldSelf),
});

/** A schema and all below it. */
export const internalSchema = (it: JSONSchemaProps): Json => ({
  ID: it.id ?? '',
  Schema: it.$schema ?? '',
  Ref: orNull(it.$ref),
  Description: it.description ?? '',
  Type: it.type ?? '',
  Nullable: it.nullable ?? false,
  Format: it.format ?? '',
  Title: it.title ?? '',
  Default: orNull(it.default),
  Maximum: orNull(it.maximum),
  ExclusiveMaximum: it.exclusiveMaximum ?? false,
  Minimum: orNull(it.minimum),
  ExclusiveMinimum: it.exclusiveMinimum ?? false,
  MaxLength: orNull(it.maxLength),
  MinLength: orNull(it.minLength),
  Pattern: it.pattern ?? '',
  MaxItems: orNull(it.maxItems),
  MinItems: orNull(it.minItems),
  UniqueItems: it.uniqueItems ?? false,
  MultipleOf: orNull(it.multipleOf),
  Enum: orNull(it.enum),
  MaxProperties: orNull(it.maxProperties),
  MinProperties: orNull(it.minProperties),
  Required: orNull(it.required),
  Items: itemsOf(it.items),
  AllOf: listOf(it.allOf, internalSchema),
  OneOf: listOf(it.oneOf, internalSchema),
  AnyOf: listOf(it.anyOf, internalSchema),
  Not: it.not ? internalSchema(it.not) : null,
  Properties: mapOf(it.properties, internalSchema),
  AdditionalProperties: schemaOrBool(it.additionalProperties),
  PatternProperties: mapOf(it.patternProperties, internalSchema),
  Dependencies: mapOf(it.dependencies, schemaOrNames),
  AdditionalItems: schemaOrBool(it.additionalItems),
  Definitions: mapOf(it.definitions, internalSchema),
  ExternalDocs: it.externalDocs
    ? { Description: it.externalDocs.description ?? '', URL: it.externalDocs.url ?? '' }
    : null,
  Example: orNull(it.example),
  XPreserveUnknownFields: orNull(it['x-kubernetes-preserve-unknown-fields']),
  XEmbeddedResource: it['x-kubernetes-embedded-resource'] ?? false,
  XIntOrString: it['x-kubernetes-int-or-string'] ?? false,
  XListMapKeys: orNull(it['x-kubernetes-list-map-keys']),
  XListType: orNull(it['x-kubernetes-list-type']),
  XMapType: orNull(it['x-kubernetes-map-type']),
  XValidations: listOf(it['x-kubernetes-validations'], internalRule),
});

const schemaIn = (value: unknown): unknown => (isObject(value) ? internalSchema(value as JSONSchemaProps) : null);

function itemsOf(items: unknown): unknown {
  if (items === undefined || items === null) return null;
  return Array.isArray(items)
    ? { Schema: null, JSONSchemas: items.map(schemaIn) }
    : { Schema: schemaIn(items), JSONSchemas: null };
}

const schemaOrBool = (value: unknown): unknown =>
  value === undefined || value === null ? null : { Allows: value !== false, Schema: schemaIn(value) };

const schemaOrNames = (value: unknown): unknown =>
  Array.isArray(value) ? { Schema: null, Property: value } : { Schema: schemaIn(value), Property: null };

/** Versions; `shared` are the parts all have in common, which the internal form names elsewhere. */
export function internalVersions(
  versions: readonly CustomResourceDefinitionVersion[],
  shared: Readonly<Record<'schema' | 'subresources' | 'columns' | 'selectableFields', boolean>>,
): Json[] {
  return versions.map((it) => ({
    Name: it.name ?? '',
    Served: it.served ?? false,
    Storage: it.storage ?? false,
    Deprecated: it.deprecated ?? false,
    DeprecationWarning: orNull(it.deprecationWarning),
    Schema:
      shared.schema || !it.schema
        ? null
        : { OpenAPIV3Schema: it.schema.openAPIV3Schema ? internalSchema(it.schema.openAPIV3Schema) : null },
    Subresources: shared.subresources || !it.subresources ? null : internalSubresources(it.subresources),
    AdditionalPrinterColumns: shared.columns
      ? null
      : listOf(it.additionalPrinterColumns, (column) => ({
          Name: column.name ?? '',
          Type: column.type ?? '',
          Format: column.format ?? '',
          Description: column.description ?? '',
          Priority: column.priority ?? 0,
          JSONPath: column.jsonPath ?? '',
        })),
    SelectableFields: shared.selectableFields
      ? null
      : listOf(it.selectableFields, ({ jsonPath }) => ({ JSONPath: jsonPath ?? '' })),
  }));
}

function internalSubresources({ status, scale }: NonNullable<CustomResourceDefinitionVersion['subresources']>): Json {
  return {
    Status: status ? {} : null,
    Scale: scale
      ? {
          SpecReplicasPath: scale.specReplicasPath ?? '',
          StatusReplicasPath: scale.statusReplicasPath ?? '',
          LabelSelectorPath: orNull(scale.labelSelectorPath),
        }
      : null,
  };
}
