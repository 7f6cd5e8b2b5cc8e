import { encodeJson } from '../codec/json.ts';
import { append } from '../meta/append.ts';
import { duplicate, type FieldError, invalid, Path } from '../meta/field-path.ts';
import { inKeyOrder, isObject } from '../meta/object.ts';
import { keysOf } from './list-keys.ts';
import { memberOf, type StructuralNode } from './node.ts';

/** Items that occur twice in lists that are sets, or keys that do in lists that are maps. */
export function duplicateItems(value: unknown, node: StructuralNode, at = new Path()): FieldError[] {
  return node.type === '' && !node.preserveUnknown ? [] : walk(value, node, at);
}

function walk(value: unknown, node: StructuralNode, at: Path): FieldError[] {
  if (typeof value !== 'object' || value === null) return [];
  const errors: FieldError[] = [];
  if (Array.isArray(value)) {
    if (node.listType === 'set' || node.listType === 'map') append(errors, repeated(value, node, at));
    const { items } = node;
    if (items && hasLists(items))
      for (const [i, item] of value.entries()) append(errors, walk(item, items, at.index(i)));
    return errors;
  }
  for (const [name, inner] of Object.entries(value)) {
    const member = memberOf(node, name);
    if (member === undefined || member === true || !hasLists(member)) continue;
    append(errors, walk(inner, member, node.properties?.has(name) ? at.child(name) : at.key(name)));
  }
  return errors;
}

function repeated(list: readonly unknown[], { listType, listKeys }: StructuralNode, at: Path): FieldError[] {
  if (listType === 'set') return repetitions(list, at);
  const odd = list.findIndex((item) => item !== null && !isObject(item));
  if (odd >= 0) return [invalid(at.index(odd), list[odd], 'must be an object for an array of list-type map')];
  return repetitions(
    list.map((item) => keysOf(item ?? {}, listKeys)),
    at,
  );
}

/** However often one is repeated, it is said once. */
function repetitions(list: readonly unknown[], at: Path): FieldError[] {
  const seen = new Map<string, number>();
  const errors: FieldError[] = [];
  for (const [i, item] of list.entries()) {
    const ordered = inKeyOrder(item);
    const text = encodeJson(ordered);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times === 2) errors.push(duplicate(at.index(i), ordered));
  }
  return errors;
}

const known = new WeakMap<StructuralNode, boolean>();

/** Whether a schema has sets or maps of items anywhere: most have none, and nothing is to be walked. */
export function hasLists(node: StructuralNode): boolean {
  let found = known.get(node);
  if (found === undefined) {
    const parts = [...(node.properties?.values() ?? []), node.items, node.additional];
    found =
      node.listType === 'set' ||
      node.listType === 'map' ||
      parts.some((part) => typeof part === 'object' && hasLists(part));
    known.set(node, found);
  }
  return found;
}
