import { clone, setOwn } from '../meta/object.ts';
import { memberOf, type StructuralNode } from './node.ts';

type Json = Record<string, unknown>;

/**
 * Fills in, in place, the defaults of a schema. A null where none is allowed counts as absent: it becomes the default, or goes
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable).
 */
export function fillDefaults(value: unknown, node: StructuralNode): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) fillItems(value, node);
  else fillMembers(value as Json, node);
}

function fillMembers(object: Json, node: StructuralNode): void {
  if (node.hasDefaults && node.properties) {
    for (const [name, property] of node.properties) {
      if (property.default === undefined) continue;
      const given = Object.hasOwn(object, name) ? object[name] : undefined;
      if (given === undefined || (given === null && !property.nullable)) setOwn(object, name, clone(property.default));
    }
  }
  for (const name in object) {
    const member = memberOf(node, name);
    if (member === undefined || member === true) continue;
    const inner = object[name];
    if (inner === null && !member.nullable) {
      if (member.default === undefined) delete object[name];
      else setOwn(object, name, clone(member.default));
    }
    if (typeof inner === 'object') fillDefaults(object[name], member);
    else if (inner === undefined) delete object[name];
  }
}

function fillItems(list: unknown[], { items }: StructuralNode): void {
  if (!items) return;
  for (let i = 0; i < list.length; i++) {
    if (list[i] === null && !items.nullable && items.default !== undefined) list[i] = clone(items.default);
    fillDefaults(list[i], items);
  }
}
