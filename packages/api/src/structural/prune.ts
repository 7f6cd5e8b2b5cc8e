import { NotedPaths } from '../codec/noted-paths.ts';
import { append } from '../meta/append.ts';
import { isTypeOrMeta, memberOf, type StructuralNode, structuralNode } from './node.ts';

/** A schema that says nothing. */
const nothing = structuralNode({});

type Json = Record<string, unknown>;

/**
 * Removes, in place, what a schema does not have. `isResource`: the value is an object with apiVersion, kind and metadata, which stay
 * whatever the schema says. The paths of what went (`spec.list[0].foo`) are added to `unknown`.
 */
export function prune(value: unknown, node: StructuralNode, isResource: boolean, unknown?: string[]): void {
  const trail = unknown ? new Trail() : undefined;
  walk(value, node, isResource || node.embedded, trail);
  if (trail) append(unknown!, trail.unknown.texts);
}

/** Where the walk is: names and indices; a path is made of them only when something is pruned. */
class Trail {
  readonly steps: (string | number)[] = [];
  readonly unknown = new NotedPaths();

  report(name: string): void {
    if (this.unknown.isFull) return;
    let path = '';
    for (const step of [...this.steps, name]) {
      if (typeof step === 'number') path += `[${step}]`;
      else path += path === '' ? step : `.${step}`;
    }
    this.unknown.add(path);
  }
}

/** `keeps`: what the schema does not have stays; a list that keeps it keeps it in its items. */
function walk(
  value: unknown,
  node: StructuralNode,
  isResource: boolean,
  trail: Trail | undefined,
  keeps = node.preserveUnknown,
): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const items = node.items ?? (keeps ? undefined : nothing);
    if (!items) return;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item !== 'object' || item === null) continue;
      trail?.steps.push(i);
      walk(item, items, items.embedded, trail, keeps || items.preserveUnknown);
      trail?.steps.pop();
    }
    return;
  }
  const object = value as Json;
  for (const name in object) {
    if (isResource && isTypeOrMeta(name)) continue;
    const member = memberOf(node, name);
    if (!member) {
      if (keeps) continue;
      trail?.report(name);
      delete object[name];
      continue;
    }
    const inner = object[name];
    if (typeof inner !== 'object' || inner === null) continue;
    trail?.steps.push(name);
    // A value of any kind is kept, but nothing is known of what it consists of.
    if (member === true) walk(inner, nothing, false, trail);
    else walk(inner, member, member.embedded, trail);
    trail?.steps.pop();
  }
}
