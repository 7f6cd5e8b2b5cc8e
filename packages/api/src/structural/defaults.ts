import { clone, setOwn } from '../meta/object.ts';
import { memberOf, type StructuralNode } from './node.ts';

type Json = Record<string, unknown>;

/**
 * Takes nulls out, in place, where none is allowed and no default stands for them: they count as absent
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable).
 */
export function dropNulls(value: unknown, node: StructuralNode): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    if (node.items) for (const item of value) dropNulls(item, node.items);
    return;
  }
  const object = value as Json;
  for (const name in object) {
    const member = memberOf(node, name);
    if (member === undefined || member === true) continue;
    const inner = object[name];
    if (inner === null && !member.nullable && member.default === undefined) delete object[name];
    else dropNulls(inner, member);
  }
}

/** Fills in, in place, the defaults of a schema, also for a null where none is allowed. */
export function fillDefaults(value: unknown, node: StructuralNode): void {
  if (typeof value !== 'object' || value === null || !node.hasDefaults) return;
  if (Array.isArray(value)) fillItems(value, node);
  else fillMembers(value as Json, node);
}

function fillMembers(object: Json, node: StructuralNode): void {
  for (const [name, property] of node.properties ?? []) {
    if (property.default === undefined) continue;
    const given = Object.hasOwn(object, name) ? object[name] : undefined;
    if (given === undefined || (given === null && !property.nullable)) setOwn(object, name, clone(property.default));
  }
  for (const name in object) {
    const member = memberOf(node, name);
    if (member === undefined || member === true) continue;
    if (object[name] === null && !member.nullable && member.default !== undefined) {
      setOwn(object, name, clone(member.default));
    }
    fillDefaults(object[name], member);
  }
}

function fillItems(list: unknown[], { items }: StructuralNode): void {
  if (!items) return;
  for (let i = 0; i < list.length; i++) {
    if (list[i] === null && !items.nullable && items.default !== undefined) list[i] = clone(items.default);
    fillDefaults(list[i], items);
  }
}
