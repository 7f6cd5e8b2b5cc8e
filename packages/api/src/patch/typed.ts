import { isObject } from '../meta/object.ts';
import {
  defaultOf,
  type FieldRow,
  type FieldSchema,
  isAtomicType,
  type ListSchema,
  type MapSchema,
  type ObjectSchema,
  type Schema,
} from '../schema.ts';
import { keyElement, valueElement } from './path-element.ts';

/** A type together with what the field that holds it says about merging. */
export interface TypedRef {
  readonly schema: Schema;
  readonly row?: FieldRow;
}

/** How server-side apply sees a value: as one thing, or as parts that managers own one by one. */
export type Topology =
  | { readonly is: 'leaf' }
  | { readonly is: 'struct'; readonly schema: ObjectSchema }
  | { readonly is: 'map'; readonly schema: MapSchema }
  | { readonly is: 'set' }
  | { readonly is: 'keyed'; readonly schema: ListSchema; readonly keys: readonly KeyField[] };

/** A key of an associative list; items that leave it out have its default. */
export interface KeyField {
  readonly name: string;
  readonly default: unknown;
}

const leaf: Topology = { is: 'leaf' };
const set: Topology = { is: 'set' };
const byRow = new WeakMap<FieldRow, Topology>();
const bySchema = new WeakMap<Schema, Topology>();

/**
 * The topology of a value of the given type. Lists are one thing unless declared otherwise, maps and structs are not. Where nothing is
 * declared, the `values` at hand decide: maps have parts.
 */
export function topologyOf({ schema, row }: TypedRef, ...values: unknown[]): Topology {
  if (schema.is === 'scalar') return leaf;
  if (schema.is !== 'list' && schema.open && !values.every(isMapOrNothing)) return leaf;
  const known = row ? byRow.get(row) : bySchema.get(schema);
  if (known) return known;
  const made = resolve(schema, row);
  if (row) byRow.set(row, made);
  else bySchema.set(schema, made);
  return made;
}

const isMapOrNothing = (value: unknown): boolean => value === undefined || value === null || isObject(value);

function resolve(schema: Schema, row: FieldRow | undefined): Topology {
  switch (schema.is) {
    case 'object':
      return row?.atomic ? leaf : { is: 'struct', schema };
    case 'map':
      return row?.mapType === 'atomic' ? leaf : { is: 'map', schema };
    case 'list':
      if (row?.listType === 'set') return set;
      if (row?.listType !== 'map' || schema.items.is !== 'object') return leaf;
      return { is: 'keyed', schema, keys: keysOf(row, schema.items) };
    default:
      return leaf;
  }
}

function keysOf(row: FieldRow, items: ObjectSchema): KeyField[] {
  return (row.keys ?? []).map((name) => {
    const field = items.fields.get(name);
    return { name, default: field && defaultOf(field) };
  });
}

/**
 * Whether a field is there even when nobody set it: a struct that is no pointer, or a field that is always written (as null or zero).
 * Coming from nothing to something is then no addition of the field itself, only of what is in it.
 */
export function isAlwaysThere({ schema, row }: FieldSchema): boolean {
  return schema.is === 'object' ? !row.pointer : !row.optional;
}

/** The element of a keyed list's item; undefined when the item has none of the keys. */
export function itemKey(item: unknown, keys: readonly KeyField[]): string | undefined {
  if (!isObject(item)) return undefined;
  // One key that is a string is nearly all there is.
  if (keys.length === 1) {
    const { name, default: fallback } = keys[0]!;
    const value = item[name] === undefined ? fallback : item[name];
    if (typeof value === 'string') return `k:{${JSON.stringify(name)}:${JSON.stringify(value)}}`;
  }
  const found: Record<string, unknown> = {};
  let any = false;
  for (const { name, default: fallback } of keys) {
    const value = item[name] === undefined ? fallback : item[name];
    if (value === undefined) continue;
    found[name] = value;
    any = true;
  }
  return any ? keyElement(found) : undefined;
}

/** A list's item with the element that stands for it. */
export interface Keyed {
  readonly element: string;
  readonly item: unknown;
}

/** The items of a set or keyed list with their elements; items without any key are left out. */
export function keyedItems(list: readonly unknown[], topology: Topology): Keyed[] {
  const out: Keyed[] = [];
  for (const item of list) {
    const element = topology.is === 'keyed' ? itemKey(item, topology.keys) : valueElement(item);
    if (element !== undefined) out.push({ element, item });
  }
  return out;
}

const anything: TypedRef = { schema: { is: 'scalar', scalar: 'any' } };

/** The type of an item of a set or keyed list. */
export function itemRef(topology: Topology): TypedRef {
  if (topology.is !== 'keyed') return anything;
  return itemsOf(topology.schema);
}

const oneThing: FieldRow = { type: 'any', atomic: true };

/** The type of a list's items. */
export function itemsOf({ items, row }: ListSchema): TypedRef {
  if (row) return { schema: items, row };
  return items.is === 'object' && isAtomicType(items.name) ? { schema: items, row: oneThing } : { schema: items };
}

/** The type of a map's values. */
export function valuesOf({ values, row }: MapSchema): TypedRef {
  return row ? { schema: values, row } : { schema: values };
}

/** The type of a struct's field or a map's value; undefined for a field the struct does not have. */
export function memberRef(topology: Topology & { is: 'struct' | 'map' }, name: string): TypedRef | undefined {
  if (topology.is === 'map') return valuesOf(topology.schema);
  const { fields, rest } = topology.schema;
  return fields.get(name) ?? (rest ? { schema: rest } : undefined);
}
