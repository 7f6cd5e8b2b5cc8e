import { isObject } from '../meta/object.ts';
import type { ObjectSchema } from '../schema.ts';
import { type FieldSet, hasChildren, isMember, SetBuilder } from './field-set.ts';
import { fieldElement } from './path-element.ts';
import { itemRef, keyedItems, memberRef, type Topology, type TypedRef, topologyOf } from './typed.ts';
import { isUnmanaged } from './typed-compare.ts';

/** The fields an object sets: what an applier that sends it manages. Identity and server-written fields are left out. */
export function fieldsOf(object: unknown, schema: ObjectSchema): FieldSet {
  const set = new SetBuilder();
  collectMembers({ is: 'struct', schema }, object, set, '');
  return set.build();
}

function collectMembers(
  topology: Topology & { is: 'struct' | 'map' },
  value: unknown,
  into: SetBuilder,
  path: string | undefined,
): void {
  if (!isObject(value)) return;
  for (const name in value) {
    if (path !== undefined && isUnmanaged(path, name)) continue;
    const ref = memberRef(topology, name);
    if (!ref) continue;
    const element = fieldElement(name);
    const item = value[name];
    const below = path === '' && name === 'metadata' ? 'metadata' : undefined;
    collect(ref, item, into, element, below);
    if (below) continue; // nobody manages metadata as a whole
    // A key of a map is managed itself, besides what is in it; a named field only when it has nothing in it.
    if (item === null || (isObject(item) && Object.keys(item).length === 0) || topology.is === 'map') into.add(element);
  }
}

function collect(ref: TypedRef, value: unknown, into: SetBuilder, element: string, path: string | undefined): void {
  const topology = topologyOf(ref, value);
  switch (topology.is) {
    case 'leaf':
      into.add(element);
      break;
    case 'struct':
    case 'map':
      collectMembers(topology, value, into.child(element), path);
      break;
    default:
      if (!Array.isArray(value)) return;
      for (const each of keyedItems(value, topology)) {
        collect(itemRef(topology), each.item, into.child(element), each.element, undefined);
        into.child(element).add(each.element);
      }
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
