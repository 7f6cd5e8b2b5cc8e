import { deepEqual, isObject } from '@coracle/api/meta/object';
import type { Json } from './schemas.ts';

/** A document of another server, and the group-version of it that counts here. */
export interface OtherV2 {
  readonly remote: { readonly group: string; readonly version: string };
  readonly document: Json;
}

/** Where a document keeps what is referred to. */
const shelves = ['definitions', 'parameters'] as const;
type Shelves = Record<(typeof shelves)[number], Json>;

/** Types that all servers share; this server's words for them are as good as another's. */
const shared = 'io.k8s.apimachinery.';

/**
 * An OpenAPI 2.0 document with what other servers describe of their group-versions: those paths, and the definitions and parameters they need. One of a
 * name that is taken by another one gets a new name.
 */
export function mergeV2(own: Json, others: readonly OtherV2[]): Json {
  const merged: Json = { ...own, paths: { ...record(own['paths']) } };
  const into = shelvesOf(own);
  for (const other of others) add(other, record(merged['paths']), into);
  for (const shelf of shelves) if (Object.keys(into[shelf]).length > 0) merged[shelf] = into[shelf];
  return merged;
}

const shelvesOf = (document: Json): Shelves => ({
  definitions: { ...record(document['definitions']) },
  parameters: { ...record(document['parameters']) },
});

function add({ remote: { group, version }, document }: OtherV2, intoPaths: Json, into: Shelves): void {
  const from = shelvesOf(document);
  const root = `/apis/${group}/${version}`;
  const paths = Object.entries(record(document['paths'])).filter(
    ([path]) => path === root || path.startsWith(`${root}/`),
  );
  const needed = new Map<string, Place>();
  for (const [name, definition] of Object.entries(from.definitions)) {
    if (isOf(definition, group, version)) need(`#/definitions/${name}`, from, needed);
  }
  collect(paths, from, needed);
  const names = new Map<string, string>();
  for (const [reference, { shelf, name }] of needed) {
    names.set(reference, `#/${shelf}/${nameFor(name, from[shelf][name], into[shelf])}`);
  }
  for (const [reference, { shelf, name }] of needed) {
    into[shelf][names.get(reference)!.slice(`#/${shelf}/`.length)] ??= renamed(from[shelf][name], names);
  }
  for (const [path, item] of paths) intoPaths[path] ??= renamed(item, names);
}

/** Where what a reference names is. */
interface Place {
  readonly shelf: (typeof shelves)[number];
  readonly name: string;
}

/** Adds what a reference names, and what that refers to; nothing for what is not there. */
function need(reference: string, from: Shelves, needed: Map<string, Place>): void {
  const shelf = shelves.find((each) => reference.startsWith(`#/${each}/`));
  if (shelf === undefined || needed.has(reference)) return;
  const name = reference.slice(`#/${shelf}/`.length);
  if (!Object.hasOwn(from[shelf], name)) return;
  needed.set(reference, { shelf, name });
  collect(from[shelf][name], from, needed);
}

/** Whether a definition says it is a kind of the group-version. */
function isOf(definition: unknown, group: string, version: string): boolean {
  const kinds = record(definition)['x-kubernetes-group-version-kind'];
  return Array.isArray(kinds) && kinds.some((each) => each?.group === group && each?.version === version);
}

/** Adds all that a value refers to, and what that does. */
function collect(value: unknown, from: Shelves, needed: Map<string, Place>): void {
  if (Array.isArray(value)) for (const each of value) collect(each, from, needed);
  else if (isObject(value)) {
    for (const [key, each] of Object.entries(value)) {
      if (key === '$ref' && typeof each === 'string') need(each, from, needed);
      else collect(each, from, needed);
    }
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
      return [key, key === '$ref' && typeof each === 'string' ? (names.get(each) ?? each) : renamed(each, names)];
    }),
  );
}

function record(value: unknown): Json {
  return isObject(value) ? (value as Json) : {};
}
