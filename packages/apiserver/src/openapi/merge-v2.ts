import { deepEqual, isObject } from '@coracle/api/meta/object';
import type { Json } from './schemas.ts';

/** A document of another server, and the group-version of it that counts here. */
export interface OtherV2 {
  readonly remote: { readonly group: string; readonly version: string };
  readonly document: Json;
}

const reference = '#/definitions/';
/** Types that all servers share; this server's words for them are as good as another's. */
const shared = 'io.k8s.apimachinery.';

/**
 * An OpenAPI 2.0 document with what other servers describe of their group-versions: those paths, and the definitions they need. A definition of a name
 * that is taken by another one gets a new name.
 */
export function mergeV2(own: Json, others: readonly OtherV2[]): Json {
  const merged: Json = { ...own, paths: { ...record(own['paths']) }, definitions: { ...record(own['definitions']) } };
  for (const other of others) add(other, record(merged['paths']), record(merged['definitions']));
  return merged;
}

function add({ remote: { group, version }, document }: OtherV2, intoPaths: Json, intoDefinitions: Json): void {
  const definitions = record(document['definitions']);
  const root = `/apis/${group}/${version}`;
  const paths = Object.entries(record(document['paths'])).filter(
    ([path]) => path === root || path.startsWith(`${root}/`),
  );
  const kinds = Object.values(definitions).filter((each) => isOf(each, group, version));
  const needed = new Set<string>();
  for (const [name, definition] of Object.entries(definitions)) if (kinds.includes(definition)) needed.add(name);
  collect(paths, definitions, needed);
  for (const name of [...needed]) collect(definitions[name], definitions, needed);
  const names = new Map<string, string>();
  for (const name of needed) names.set(name, nameFor(name, definitions[name], intoDefinitions));
  for (const [name, free] of names) intoDefinitions[free] ??= renamed(definitions[name], names);
  for (const [path, item] of paths) intoPaths[path] ??= renamed(item, names);
}

/** Whether a definition says it is a kind of the group-version. */
function isOf(definition: unknown, group: string, version: string): boolean {
  const kinds = record(definition)['x-kubernetes-group-version-kind'];
  return Array.isArray(kinds) && kinds.some((each) => each?.group === group && each?.version === version);
}

/** Adds the names of all definitions that a value refers to, and those they refer to. */
function collect(value: unknown, definitions: Json, needed: Set<string>): void {
  if (Array.isArray(value)) {
    for (const each of value) collect(each, definitions, needed);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, each] of Object.entries(value)) {
    if (key !== '$ref' || typeof each !== 'string') {
      collect(each, definitions, needed);
      continue;
    }
    const name = each.slice(reference.length);
    if (!each.startsWith(reference) || needed.has(name) || !Object.hasOwn(definitions, name)) continue;
    needed.add(name);
    collect(definitions[name], definitions, needed);
  }
}

function nameFor(name: string, definition: unknown, taken: Json): string {
  const isFree = (candidate: string) => !Object.hasOwn(taken, candidate) || deepEqual(taken[candidate], definition);
  if (name.startsWith(shared) || isFree(name)) return name;
  let number = 2;
  while (!isFree(`${name}_v${number}`)) number++;
  return `${name}_v${number}`;
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (key !== '$ref' || typeof each !== 'string' || !each.startsWith(reference)) return [key, renamed(each, names)];
      const name = each.slice(reference.length);
      return [key, reference + (names.get(name) ?? name)];
    }),
  );
}

function record(value: unknown): Json {
  return isObject(value) ? (value as Json) : {};
}
