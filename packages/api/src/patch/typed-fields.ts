import { isObject } from '../meta/object.ts';
import type { ObjectSchema } from '../schema.ts';
import { difference, type FieldSet, hasChildren, isMember, SetBuilder } from './field-set.ts';
import { fieldElement } from './path-element.ts';
import { itemRef, keyedItems, memberRef, type Topology, type TypedRef, topologyOf } from './typed.ts';
import { unmanagedFields } from './typed-compare.ts';

/** All fields an object sets, those that nobody manages included. */
export function fieldsOf(object: unknown, schema: ObjectSchema): FieldSet {
  const set = new SetBuilder();
  collectMembers({ is: 'struct', schema }, object, set);
  return set.build();
}

/** Of the fields an applier sets those that it manages: all but identity and what the server writes. */
export function managedOf(fields: FieldSet): FieldSet {
  return difference(fields, unmanagedFields);
}

function collectMembers(topology: Topology & { is: 'struct' | 'map' }, value: unknown, into: SetBuilder): void {
  if (!isObject(value)) return;
  for (const name in value) {
    const ref = memberRef(topology, name);
    if (!ref) continue;
    const element = fieldElement(name);
    const item = value[name];
    collect(ref, item, into, element);
    // A key of a map is managed itself, besides what is in it, and so is a field no struct has; a named field only when it has nothing in it.
    const isKey = topology.is === 'map' || !topology.schema.fields.has(name);
    if (item === null || (isObject(item) && Object.keys(item).length === 0) || isKey) into.add(element);
  }
}

function collect(ref: TypedRef, value: unknown, into: SetBuilder, element: string): void {
  const topology = topologyOf(ref, value);
  switch (topology.is) {
    case 'leaf':
      into.add(element);
      break;
    case 'struct':
    case 'map':
      collectMembers(topology, value, into.child(element));
      break;
    default:
      if (!Array.isArray(value)) return;
      collectItems(topology, value, into.child(element));
  }
}

/** Of items that share a key nothing is said but that they are there. */
function collectItems(topology: Topology, list: readonly unknown[], into: SetBuilder): void {
  const items = keyedItems(list, topology);
  const counts = new Map<string, number>();
  for (const { element } of items) counts.set(element, (counts.get(element) ?? 0) + 1);
  for (const { element, item } of items) {
    if (counts.get(element) === 1) collect(itemRef(topology), item, into, element);
    into.add(element);
  }
}

/**
 * The set with every named field of a struct a member that has members below it: removing all of a struct's fields removes the struct.
 */
export function withNamedFields(set: FieldSet, ref: TypedRef): FieldSet {
  const topology = topologyOf(ref);
  const out: Record<string, FieldSet> = {};
  for (const element in set) {
    const node = set[element]!;
    if (element === '.') {
      out[element] = node;
      continue;
    }
    const inner = below(topology, element);
    let next = inner ? withNamedFields(node, inner) : node;
    if (topology.is === 'struct' && element.startsWith('f:') && inner && hasChildren(next) && !isMember(next)) {
      next = { '.': {}, ...next };
    }
    out[element] = next;
  }
  return out;
}

/** The type of what an element leads to; undefined where the type does not have it. */
function below(topology: Topology, element: string): TypedRef | undefined {
  if (topology.is === 'struct' || topology.is === 'map') {
    return element.startsWith('f:') ? memberRef(topology, element.slice(2)) : undefined;
  }
  return topology.is === 'leaf' ? undefined : itemRef(topology);
}
