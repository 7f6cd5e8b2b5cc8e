import type { JSONSchemaProps, ValidationRule } from '../generated/apiextensions/v1.ts';
import { isObject } from '../meta/object.ts';

/**
 * A structural schema, compiled: what pruning, defaulting, validation, server-side apply and CEL rules of a custom resource walk.
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema)
 */
export interface StructuralNode {
  /** `object`, `array`, `string`, `integer`, `number`, `boolean`; empty where any is allowed. */
  readonly type: string;
  readonly nullable: boolean;
  readonly preserveUnknown: boolean;
  readonly embedded: boolean;
  readonly intOrString: boolean;
  readonly properties: ReadonlyMap<string, StructuralNode> | undefined;
  /** The schema of the values of a map; true: any values. */
  readonly additional: StructuralNode | boolean | undefined;
  readonly items: StructuralNode | undefined;
  /** Undefined: none. */
  readonly default: unknown;
  /** Whether there is a default here or anywhere below. */
  readonly hasDefaults: boolean;
  readonly listType: string;
  readonly listKeys: readonly string[];
  readonly mapType: string;
  readonly rules: readonly ValidationRule[];
  /** What it was compiled from. */
  readonly props: JSONSchemaProps;
}

/** Compiles a schema. It need not be valid: what does not make sense is left out. */
export function structuralNode(props: JSONSchemaProps): StructuralNode {
  const properties = props.properties && new Map(entriesOf(props.properties, structuralNode));
  const items = isObject(props.items) ? structuralNode(props.items as JSONSchemaProps) : undefined;
  const additional = additionalOf(props.additionalProperties);
  const parts = [...(properties?.values() ?? []), items, typeof additional === 'object' ? additional : undefined];
  return {
    type: props.type ?? '',
    nullable: props.nullable === true,
    preserveUnknown: props['x-kubernetes-preserve-unknown-fields'] === true,
    embedded: props['x-kubernetes-embedded-resource'] === true,
    intOrString: props['x-kubernetes-int-or-string'] === true,
    properties,
    additional,
    items,
    default: props.default,
    hasDefaults: props.default !== undefined || parts.some((part) => part?.hasDefaults),
    listType: props['x-kubernetes-list-type'] ?? '',
    listKeys: props['x-kubernetes-list-map-keys'] ?? [],
    mapType: props['x-kubernetes-map-type'] ?? '',
    rules: props['x-kubernetes-validations'] ?? [],
    props,
  };
}

function entriesOf<T, R>(record: Record<string, T>, make: (value: T) => R): [string, R][] {
  return Object.entries(record).map(([key, value]) => [key, make(value)]);
}

function additionalOf(value: unknown): StructuralNode | boolean | undefined {
  if (typeof value === 'boolean') return value || undefined;
  return isObject(value) ? structuralNode(value as JSONSchemaProps) : undefined;
}

/** The node of a property, of a map's value; true: anything goes; undefined: the schema does not have it. */
export function memberOf(node: StructuralNode, name: string): StructuralNode | true | undefined {
  const own = node.properties?.get(name);
  if (own) return own;
  return node.additional === false ? undefined : node.additional;
}

/** Whether a name is that of an object's type and metadata, which schemas cannot take away at the root and in embedded resources. */
export const isTypeOrMeta = (name: string): boolean => name === 'apiVersion' || name === 'kind' || name === 'metadata';

/** The schema of a whole object or its parts, visited once each, the outer before the inner. */
export function* partsOf(props: JSONSchemaProps): Generator<JSONSchemaProps> {
  const left = [props];
  for (let part = left.pop(); part; part = left.pop()) {
    yield part;
    for (const inner of directPartsOf(part).reverse()) left.push(inner);
  }
}

/** Fields that hold schemas, one or a list of them; true: a map of them by name. */
const holders: ReadonlyMap<string, boolean> = new Map([
  ['items', false],
  ['allOf', false],
  ['anyOf', false],
  ['oneOf', false],
  ['not', false],
  ['properties', true],
  ['additionalProperties', false],
  ['patternProperties', true],
  ['additionalItems', false],
  ['definitions', true],
]);

function directPartsOf(props: JSONSchemaProps): JSONSchemaProps[] {
  const parts: JSONSchemaProps[] = [];
  for (const field in props) {
    const byName = holders.get(field);
    if (byName === undefined) continue;
    const value: unknown = props[field as keyof JSONSchemaProps];
    if (typeof value !== 'object' || value === null) continue;
    if (byName || Array.isArray(value)) {
      for (const each of Object.values(value)) if (isObject(each)) parts.push(each as JSONSchemaProps);
    } else parts.push(value as JSONSchemaProps);
  }
  return parts;
}
