import { isObject, setOwn } from '../meta/object.ts';
import type { ObjectSchema } from '../schema.ts';
import { type FieldSet, hasChildren, isMember } from './field-set.ts';
import { fieldElement } from './path-element.ts';
import { itemRef, type Keyed, keyedItems, memberRef, type Topology, type TypedRef, topologyOf } from './typed.ts';

type Json = Record<string, unknown>;

/** Lays `config` over `live`: what config says wins, what it does not mention stays. Shares parts with both. */
export function mergeTyped(live: unknown, config: unknown, schema: ObjectSchema): unknown {
  return merge({ schema }, live, config);
}

function merge(ref: TypedRef, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  const topology = topologyOf(ref, live, config);
  if (topology.is === 'leaf' || live === undefined || live === null) return config;
  // null for something with parts takes nothing away from those who own parts of it.
  if (config === null) return isEmpty(live) ? null : live;
  if (topology.is === 'struct' || topology.is === 'map') {
    return isObject(live) && isObject(config) ? mergeMembers(topology, live, config) : config;
  }
  return Array.isArray(live) && Array.isArray(config) ? mergeItems(topology, live, config) : config;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function mergeMembers(topology: Topology & { is: 'struct' | 'map' }, live: Json, config: Json): Json {
  const out = { ...live };
  for (const name in config) {
    const ref = memberRef(topology, name);
    const from = Object.hasOwn(live, name) ? live[name] : undefined;
    setOwn(out, name, ref ? merge(ref, from, config[name]) : config[name]);
  }
  return out;
}

/** Merges items by key. The applied order holds; items only the live list has keep their place among those around them. */
function mergeItems(topology: Topology, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const left = keyedItems(live, topology);
  const right = keyedItems(config, topology);
  const inLeft = new Map<string, unknown>();
  // What is applied takes the place of items that share a key.
  for (const { element, item } of left) inLeft.set(element, inLeft.has(element) ? null : item);
  const inRight = new Set(right.map((each) => each.element));
  const ref = itemRef(topology);
  const both = ({ element, item }: Keyed): unknown => merge(ref, inLeft.get(element), item);
  const shared = right.filter(({ element }) => inLeft.has(element)).map(({ element }) => element);
  const merged = new Set<string>();
  const out: unknown[] = [];
  let next = shared.shift();
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    const a = left[l];
    const b = right[r];
    if (a && b) {
      if (a.element === b.element) {
        merged.add(b.element);
        out.push(both(b));
        l++;
        r++;
        next = shared.shift();
        continue;
      }
      // An item of both lists whose turn, in the applied order, has not come.
      if (inRight.has(a.element) && next !== undefined && next !== a.element) {
        l++;
        continue;
      }
    }
    if (a) {
      if (!inRight.has(a.element)) {
        out.push(a.item);
        l++;
        continue;
      }
      if (merged.has(a.element)) l++;
    }
    if (b) {
      merged.add(b.element);
      out.push(both(b));
      r++;
      if (next === b.element) next = shared.shift();
    }
  }
  return out;
}

/** The value without the parts that are members of `gone`. A collection that loses its last part becomes null. */
export function removeFields(value: unknown, gone: FieldSet, ref: TypedRef): unknown {
  const topology = topologyOf(ref, value);
  if (topology.is === 'struct' || topology.is === 'map') {
    return isObject(value) ? removeMembers(topology, value, gone) : value;
  }
  // A part of something that is one thing was named: it goes as one.
  if (topology.is === 'leaf') return ref.schema.is === 'scalar' ? value : null;
  return Array.isArray(value) ? removeItems(topology, value, gone) : value;
}

function removeMembers(topology: Topology & { is: 'struct' | 'map' }, value: Json, gone: FieldSet): Json | null {
  const out: Json = {};
  let left = false;
  for (const name in value) {
    const node = gone[fieldElement(name)];
    let item = value[name];
    if (node !== undefined) {
      if (isMember(node)) continue;
      const ref = memberRef(topology, name);
      if (ref && hasChildren(node)) item = removeFields(item, node, ref);
    }
    setOwn(out, name, item);
    left = true;
  }
  return left ? out : null;
}

function removeItems(topology: Topology, value: readonly unknown[], gone: FieldSet): unknown[] | null {
  const out: unknown[] = [];
  for (const { element, item } of keyedItems(value, topology)) {
    const node = gone[element];
    if (node === undefined) out.push(item);
    else if (!isMember(node)) out.push(removeFields(item, node, itemRef(topology)));
  }
  return out.length > 0 ? out : null;
}
