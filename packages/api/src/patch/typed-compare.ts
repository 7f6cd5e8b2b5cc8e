import { deepEqual, getOwn, isObject } from '../meta/object.ts';
import type { FieldSchema, ObjectSchema } from '../schema.ts';
import { type FieldSet, none, SetBuilder } from './field-set.ts';
import { fieldElement } from './path-element.ts';
import { isAlwaysThere, itemRef, keyedItems, type Topology, type TypedRef, topologyOf, valuesOf } from './typed.ts';

/** What differs between two objects of one type. */
export interface Comparison {
  /** Fields that are new or have another value. */
  readonly changed: FieldSet;
  /** Fields that are gone. */
  readonly removed: FieldSet;
}

/** Fields nobody manages: they say what the object is, or the server writes them. */
const unmanaged = new Set(['apiVersion', 'kind']);
const unmanagedMeta = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

/** The same as a set; nor does anybody manage metadata as a whole. */
export const unmanagedFields: FieldSet = Object.freeze({
  ...membersOf(unmanaged),
  [fieldElement('metadata')]: { '.': none, ...membersOf(unmanagedMeta) },
});

function membersOf(names: ReadonlySet<string>): FieldSet {
  return Object.fromEntries([...names].map((name) => [fieldElement(name), none]));
}

/**
 * Compares two objects by the schema, field by field; keyed lists by key, sets by value, atomic values as a whole. Costs little where
 * nothing differs. An absent object is one with nothing set.
 */
export function compareTyped(before: unknown, after: unknown, schema: ObjectSchema): Comparison {
  const changed = new SetBuilder();
  const removed = new SetBuilder();
  compareRoot(isObject(before) ? before : {}, isObject(after) ? after : {}, schema, changed, removed);
  return { changed: changed.build(), removed: removed.build() };
}

type Json = Record<string, unknown>;

function compareRoot(before: Json, after: Json, schema: ObjectSchema, changed: SetBuilder, removed: SetBuilder): void {
  for (const field of schema.fields.values()) {
    const a = before[field.name];
    const b = after[field.name];
    if (a === b || unmanaged.has(field.name)) continue;
    if (field.name !== 'metadata' || field.schema.is !== 'object') {
      compareField(field, a, b, changed, removed, both);
      continue;
    }
    const element = fieldElement(field.name);
    for (const meta of field.schema.fields.values()) {
      if (unmanagedMeta.has(meta.name)) continue;
      const from = isObject(a) ? a[meta.name] : undefined;
      const to = isObject(b) ? b[meta.name] : undefined;
      if (from !== to) compareField(meta, from, to, new Below(changed, element), new Below(removed, element), both);
    }
  }
  if (!schema.rest) return;
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!schema.fields.has(name)) compareMember(schema, name, before, after, changed, removed, both);
  }
}

/** Where members of a part go: made only when there is one. */
interface Sink {
  add(element: string): void;
  child(element: string): SetBuilder;
}

class Below implements Sink {
  readonly #parent: Sink;
  readonly #element: string;

  constructor(parent: Sink, element: string) {
    this.#parent = parent;
    this.#element = element;
  }

  add(element: string): void {
    this.#parent.child(this.#element).add(element);
  }

  child(element: string): SetBuilder {
    return this.#parent.child(this.#element).child(element);
  }
}

/** Which sides have the object around a value; a side that has it has its structs and its unconditional fields too. */
interface Sides {
  readonly before: boolean;
  readonly after: boolean;
}

const both: Sides = { before: true, after: true };
const neither: Sides = { before: false, after: false };

function compareField(field: FieldSchema, a: unknown, b: unknown, changed: Sink, removed: Sink, around: Sides): void {
  const always = isAlwaysThere(field) ? around : neither;
  compareValue(field, a, b, fieldElement(field.name), changed, removed, always);
}

const isEmptyCollection = (value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  for (const _ in value as object) return false;
  return typeof value === 'object';
};

/**
 * Compares one value; `element` is its place in the sinks, which are those of what is around it. `always` tells on which sides the
 * value itself is there even when it is absent. A null is a value with nothing in it.
 */
function compareValue(
  ref: TypedRef,
  from: unknown,
  to: unknown,
  element: string,
  changed: Sink,
  removed: Sink,
  always: Sides,
): void {
  if (from === to) return;
  const topology = topologyOf(ref, from, to);
  const isWhole = topology.is === 'leaf' || !hasForm(topology, from) || !hasForm(topology, to);
  if (isWhole || (isEmptyCollection(from) && isEmptyCollection(to))) {
    // An empty struct that is always there is the same as an absent one.
    if (from === undefined && !(always.before && topology.is === 'struct')) changed.add(element);
    else if (to === undefined && !(always.after && topology.is === 'struct')) removed.add(element);
    else if (from !== undefined && to !== undefined && !deepEqual(from, to)) {
      changed.add(element);
      compareForms(ref, from, to, element, changed, removed);
    }
    return;
  }
  const sides = { before: from !== undefined || always.before, after: to !== undefined || always.after };
  compareParts(topology, from, to, new Below(changed, element), new Below(removed, element), sides);
  if (!sides.before) changed.add(element);
  else if (!sides.after) removed.add(element);
}

/** The parts of a map that comes where there was something else, or goes for it. */
function compareForms(ref: TypedRef, from: unknown, to: unknown, element: string, changed: Sink, removed: Sink): void {
  const { schema } = ref;
  if ((schema.is !== 'object' && schema.is !== 'map') || !schema.open) return;
  const parts = topologyOf(ref);
  if (parts.is === 'leaf' || isObject(from) === isObject(to)) return;
  const [before, after] = [from, to].map((value) => (isObject(value) ? value : undefined));
  const sides = { before: before !== undefined, after: after !== undefined };
  compareParts(parts, before, after, new Below(changed, element), new Below(removed, element), sides);
}

/** Whether a value has the form of its type. Custom resources are compared before they are validated: what has not is one thing. */
function hasForm(topology: Topology, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return topology.is === 'struct' || topology.is === 'map' ? isObject(value) : Array.isArray(value);
}

function compareParts(topology: Topology, a: unknown, b: unknown, changed: Sink, removed: Sink, sides: Sides): void {
  switch (topology.is) {
    case 'struct':
      compareStruct(topology.schema, (a ?? {}) as Json, (b ?? {}) as Json, changed, removed, sides);
      break;
    case 'map':
      compareMap(valuesOf(topology.schema), (a ?? {}) as Json, (b ?? {}) as Json, changed, removed);
      break;
    default:
      compareList(topology, (a ?? []) as unknown[], (b ?? []) as unknown[], changed, removed);
  }
}

function compareStruct(schema: ObjectSchema, a: Json, b: Json, changed: Sink, removed: Sink, sides: Sides): void {
  for (const name in b) compareMember(schema, name, a, b, changed, removed, sides);
  for (const name in a) if (!Object.hasOwn(b, name)) compareMember(schema, name, a, b, changed, removed, sides);
}

function compareMember(
  schema: ObjectSchema,
  name: string,
  a: Json,
  b: Json,
  changed: Sink,
  removed: Sink,
  sides: Sides,
): void {
  const field = schema.fields.get(name);
  if (field) compareField(field, a[name], b[name], changed, removed, sides);
  else if (schema.rest) {
    const [from, to] = [getOwn(a, name), getOwn(b, name)];
    compareValue({ schema: schema.rest }, from, to, fieldElement(name), changed, removed, neither);
  }
}

function compareMap(values: TypedRef, a: Json, b: Json, changed: Sink, removed: Sink): void {
  for (const key in b) {
    const before = Object.hasOwn(a, key) ? a[key] : undefined;
    if (before !== b[key]) compareValue(values, before, b[key], fieldElement(key), changed, removed, neither);
  }
  for (const key in a) {
    if (!Object.hasOwn(b, key)) compareValue(values, a[key], undefined, fieldElement(key), changed, removed, neither);
  }
}

function compareList(
  topology: Topology,
  a: readonly unknown[],
  b: readonly unknown[],
  changed: Sink,
  removed: Sink,
): void {
  if (deepEqual(a, b)) return;
  const before = byElement(topology, a);
  const after = byElement(topology, b);
  const ref = itemRef(topology);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(element) ?? [];
    const items = after.get(element) ?? [];
    // Items that share a key cannot be told apart: they are one value, which comes and goes.
    const [wereOne, areOne] = [old.length > 1, items.length > 1];
    if (wereOne && areOne) {
      if (!deepEqual(old, items)) changed.add(element);
      continue;
    }
    const [from, to] = [wereOne ? undefined : old[0], areOne ? undefined : items[0]];
    if (from !== to) compareValue(ref, from, to, element, changed, removed, neither);
    if (wereOne) removed.add(element);
    if (areOne) changed.add(element);
  }
}

function byElement(topology: Topology, list: readonly unknown[]): Map<string, unknown[]> {
  const out = new Map<string, unknown[]>();
  for (const { element, item } of keyedItems(list, topology)) {
    const known = out.get(element);
    if (known) known.push(item);
    else out.set(element, [item]);
  }
  return out;
}
