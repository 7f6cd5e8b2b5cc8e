import { deepEqual, getOwn, isObject } from '../meta/object.ts';
import { keyOf } from './list-keys.ts';

/** The parts of a schema by which a value is compared with what it was. */
export interface ComparedBy {
  readonly properties?: Readonly<Record<string, ComparedBy>>;
  readonly additionalProperties?: unknown;
  readonly items?: unknown;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** What a value was before, and the schema that both are compared by. */
export interface Former {
  readonly value: unknown;
  readonly schema: ComparedBy;
}

/** The old value of a part that has none. */
export const absent: unique symbol = Symbol('absent');

/** What a member of an object or a map was; absent where it is new, or the schema does not have it. */
export function formerMember(former: Former | typeof absent, name: string): Former | typeof absent {
  if (former === absent || !isObject(former.value) || !Object.hasOwn(former.value, name)) return absent;
  const schema = schemaOfMember(former.schema, name);
  return schema ? { value: former.value[name], schema } : absent;
}

/** Finds what the items of a list were: only those of lists that are maps can be told apart. */
export function formerItems(former: Former | typeof absent): (item: unknown) => Former | typeof absent {
  if (former === absent || !Array.isArray(former.value)) return () => absent;
  const { schema, value } = former;
  if (schema['x-kubernetes-list-type'] !== 'map' || !isObject(schema.items)) return () => absent;
  const before = itemsByKey(value, schema);
  return (item) => {
    const old = before.get(keyOf(item, keysOf(schema)));
    return old === undefined ? absent : { value: old, schema: schema.items as ComparedBy };
  };
}

/** The schema of a member of an object or a map; undefined where nothing is said of it. */
function schemaOfMember(schema: ComparedBy, name: string): ComparedBy | undefined {
  const { properties, additionalProperties } = schema;
  const own = properties && getOwn(properties, name);
  if (own) return own;
  return isObject(additionalProperties) ? (additionalProperties as ComparedBy) : undefined;
}

/**
 * Whether a value is as it was, as far as its schema goes: an object with a member that the schema does not have counts as changed, so that its errors are
 * always told. That is so of every whole object, of whose metadata no schema says all (KEP-4008).
 */
export function isAsItWas(value: unknown, { value: former, schema }: Former): boolean {
  if (isNothing(value) || isNothing(former)) return isNothing(value) && isNothing(former);
  if (Array.isArray(value) && Array.isArray(former)) return sameItems(value, { value: former, schema });
  if (!isObject(value) || !isObject(former)) return deepEqual(value, former);
  const names = Object.keys(value);
  if (names.length !== Object.keys(former).length) return false;
  return names.every((name) => {
    const member = formerMember({ value: former, schema }, name);
    return member !== absent && isAsItWas(value[name], member);
  });
}

const isNothing = (value: unknown): boolean => value === null || value === undefined;

const keysOf = (schema: ComparedBy): readonly string[] => schema['x-kubernetes-list-map-keys'] ?? [];

function sameItems(list: readonly unknown[], former: Former): boolean {
  const before = former.value as readonly unknown[];
  if (list.length !== before.length) return false;
  if (former.schema['x-kubernetes-list-type'] !== 'map') return deepEqual(list, before);
  const itemBefore = formerItems(former);
  return list.every((item) => {
    const old = itemBefore(item);
    return old !== absent && isAsItWas(item, old);
  });
}

/** The items of a list that is a map, by their keys. */
function itemsByKey(list: readonly unknown[], schema: ComparedBy): Map<string, unknown> {
  return new Map(list.map((item) => [keyOf(item, keysOf(schema)), item]));
}
