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

/** Compiles a schema, its parts when they are looked at. It need not be valid: what does not make sense is left out. */
export function structuralNode(props: JSONSchemaProps): StructuralNode {
  return new Node(props);
}

class Node implements StructuralNode {
  readonly props: JSONSchemaProps;
  readonly type: string;
  readonly nullable: boolean;
  readonly preserveUnknown: boolean;
  readonly embedded: boolean;
  readonly intOrString: boolean;
  readonly default: unknown;
  readonly listType: string;
  readonly listKeys: readonly string[];
  readonly mapType: string;
  readonly rules: readonly ValidationRule[];
  #parts: Pick<StructuralNode, 'properties' | 'additional' | 'items'> | undefined;
  #hasDefaults: boolean | undefined;

  constructor(props: JSONSchemaProps) {
    this.props = props;
    this.type = props.type ?? '';
    this.nullable = props.nullable === true;
    this.preserveUnknown = props['x-kubernetes-preserve-unknown-fields'] === true;
    this.embedded = props['x-kubernetes-embedded-resource'] === true;
    this.intOrString = props['x-kubernetes-int-or-string'] === true;
    this.default = props.default;
    this.listType = props['x-kubernetes-list-type'] ?? '';
    this.listKeys = props['x-kubernetes-list-map-keys'] ?? [];
    this.mapType = props['x-kubernetes-map-type'] ?? '';
    this.rules = props['x-kubernetes-validations'] ?? [];
  }

  get #own(): Pick<StructuralNode, 'properties' | 'additional' | 'items'> {
    this.#parts ??= {
      properties: propertiesOf(this.props.properties),
      items: isObject(this.props.items) ? structuralNode(this.props.items as JSONSchemaProps) : undefined,
      additional: additionalOf(this.props.additionalProperties),
    };
    return this.#parts;
  }

  get properties(): ReadonlyMap<string, StructuralNode> | undefined {
    return this.#own.properties;
  }

  get additional(): StructuralNode | boolean | undefined {
    return this.#own.additional;
  }

  get items(): StructuralNode | undefined {
    return this.#own.items;
  }

  get hasDefaults(): boolean {
    this.#hasDefaults ??= this.default !== undefined || this.#partsHaveDefaults();
    return this.#hasDefaults;
  }

  #partsHaveDefaults(): boolean {
    const { properties, items, additional } = this;
    if (items?.hasDefaults || (typeof additional === 'object' && additional.hasDefaults)) return true;
    for (const property of properties?.values() ?? []) if (property.hasDefaults) return true;
    return false;
  }
}

function propertiesOf(
  properties: Record<string, JSONSchemaProps> | undefined,
): Map<string, StructuralNode> | undefined {
  if (!properties) return undefined;
  const nodes = new Map<string, StructuralNode>();
  for (const name in properties) nodes.set(name, structuralNode(properties[name]!));
  return nodes;
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
    const inner = directPartsOf(part);
    for (let i = inner.length - 1; i >= 0; i--) left.push(inner[i]!);
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

const none: readonly JSONSchemaProps[] = [];

function directPartsOf(props: JSONSchemaProps): readonly JSONSchemaProps[] {
  let parts = none;
  for (const field in props) {
    const more = partsIn(props, field);
    if (more !== none) parts = parts === none ? more : [...parts, ...more];
  }
  return parts;
}

/** The schemas in a field of a schema; none where it holds something else. */
export function partsIn(props: JSONSchemaProps, field: string): readonly JSONSchemaProps[] {
  const byName = holders.get(field);
  if (byName === undefined) return none;
  const value: unknown = props[field as keyof JSONSchemaProps];
  if (typeof value !== 'object' || value === null) return none;
  if (Array.isArray(value)) return value.filter(isObject) as JSONSchemaProps[];
  return byName ? partsByName(value) : [value as JSONSchemaProps];
}

/** To list the values of an object of very many names (`Object.values`) takes several times as long. */
function partsByName(named: object): JSONSchemaProps[] {
  const parts: JSONSchemaProps[] = [];
  for (const name in named) {
    const part = (named as Record<string, unknown>)[name];
    if (isObject(part)) parts.push(part as JSONSchemaProps);
  }
  return parts;
}
