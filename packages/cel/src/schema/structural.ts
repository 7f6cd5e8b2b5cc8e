import { types } from '../check/type.ts';
import type { ListIdentity } from '../values.ts';
import {
  type DeclaredField,
  type DeclaredType,
  declaredList,
  declaredMap,
  declaredObject,
  maxStringLength,
  plainType,
} from './declared-type.ts';
import { escapeField } from './escape.ts';

/** A rule of `x-kubernetes-validations`. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** What expressions need to know of a structural schema: the fields of JSONSchemaProps that matter here. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly allOf?: readonly StructuralSchema[];
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
}

const text: StructuralSchema = { type: 'string' };
const objectMeta: StructuralSchema = { type: 'object', properties: { name: text, generateName: text } };

/**
 * The type of the data a schema describes; undefined where expressions cannot see it (no type, or a list of what they cannot see).
 * A resource's root has apiVersion, kind and the names of its metadata, stated or not. `name` is what its objects are called.
 */
export function declareStructural(schema: StructuralSchema, root = false, name = 'selfType'): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string']) return plainType(types.dyn, 1, lengthOf(schema) ?? maxStringLength);
  switch (schema.type) {
    case 'array': {
      const items =
        schema.items && declareStructural(schema.items, schema.items['x-kubernetes-embedded-resource'], `${name}.@idx`);
      return items && declaredList(items, atLeastZero(schema.maxItems), identityOf(schema));
    }
    case 'object':
      return declareObject(schema, root, name);
    case 'string':
      return declareString(schema);
    case 'boolean':
      return plainType(types.bool, 4);
    case 'number':
      return plainType(types.double);
    case 'integer':
      return plainType(types.int);
    default:
      return undefined;
  }
}

function declareObject(schema: StructuralSchema, root: boolean, name: string): DeclaredType | undefined {
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    const values = declareStructural(
      additionalProperties,
      additionalProperties['x-kubernetes-embedded-resource'],
      `${name}.@elem`,
    );
    return values && declaredMap(values, atLeastZero(schema.maxProperties));
  }
  const properties = root
    ? { ...schema.properties, apiVersion: text, kind: text, metadata: objectMeta }
    : (schema.properties ?? {});
  const fields = new Map<string, DeclaredField>();
  const required = new Set(schema.required);
  let minSize = 2;
  for (const [field, property] of Object.entries(properties)) {
    const escaped = escapeField(field);
    const declared = declareStructural(property, property['x-kubernetes-embedded-resource'], `${name}.${escaped}`);
    if (!declared) continue;
    if (escaped !== undefined) fields.set(escaped, { name: field, declared });
    // A word of the language, which does not keep it from being a field's name.
    if (field === 'namespace') fields.set(field, { name: field, declared });
    if (required.has(field) && property.default === undefined) {
      minSize += Buffer.byteLength(field) + declared.minSize + 4;
    }
  }
  return declaredObject(name, () => fields, minSize);
}

function declareString(schema: StructuralSchema): DeclaredType {
  switch (schema.format) {
    case 'byte':
      return plainType(types.bytes, 2, atLeastZero(schema.maxLength) ?? maxStringLength);
    case 'duration':
      return plainType(types.duration, 4, 32);
    case 'date':
      return plainType(types.timestamp, 12, 12);
    case 'date-time':
      return plainType(types.timestamp, 22, 42);
  }
  const longest = schema.enum?.length
    ? schema.enum.reduce<number>(
        (most, each) => Math.max(most, typeof each === 'string' ? Buffer.byteLength(each) : 0),
        0,
      )
    : maxStringLength;
  return plainType(types.string, 2, lengthOf(schema) ?? longest);
}

/** maxLength counts code points, requests are measured in bytes: up to four each. */
function lengthOf({ maxLength }: StructuralSchema): number | undefined {
  return maxLength === undefined ? undefined : Math.max(0, maxLength) * 4;
}

const atLeastZero = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.max(0, value);

function identityOf(schema: StructuralSchema): ListIdentity | undefined {
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return { is: 'set' };
    case 'map':
      return { is: 'map', keys: (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => escapeField(key) ?? key) };
    default:
      return undefined;
  }
}
