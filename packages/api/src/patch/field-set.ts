import { deepEqual, isObject } from '../meta/object.ts';
import { isElement } from './path-element.ts';

/**
 * A set of field paths in the form managedFields keep (FieldsV1): an object whose keys are path elements (`f:spec`,
 * `k:{"name":"web"}`, `v:"x"`, `i:0`) and whose values are the sets below. A node without keys is a member; one with members below it
 * is itself a member when it has the key `.`. The root is never a member: `{}` there is the empty set. Sets are values: no function
 * changes one it was given, and results share what is unchanged.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** The set without members; below an element, the element as a member and nothing below it. */
export const none: FieldSet = Object.freeze({});

const self = '.';

/** How deep a set that a client sends may nest; no type of the API comes near. */
const deepest = 200;

/** Whether a value that came from outside is a field set. */
export function isFieldSet(value: unknown, depth = 0): value is FieldSet {
  if (!isObject(value) || depth > deepest) return false;
  for (const element in value) {
    if (element === self ? depth === 0 : !isElement(element)) return false;
    if (!isFieldSet(value[element], depth + 1)) return false;
  }
  return true;
}

/** Whether a node below the root is itself a member. */
export function isMember(node: FieldSet): boolean {
  if (node[self] !== undefined) return true;
  for (const _ in node) return false;
  return true;
}

/** Whether anything is a member below a node. */
export function hasChildren(node: FieldSet): boolean {
  for (const element in node) if (element !== self) return true;
  return false;
}

/** Whether the whole set (given by its root) has no members. */
export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** The node for an element below which there is `children`; undefined when that leaves nothing. */
function nodeOf(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmptySet(children)) return member ? none : undefined;
  return member ? { [self]: none, ...children } : children;
}

function childrenOf(node: FieldSet): FieldSet {
  if (node[self] === undefined) return node;
  const { [self]: _, ...children } = node;
  return children;
}

/** A copy of `set` to which elements can be added; for building results. */
function building(set: FieldSet): Record<string, FieldSet> {
  return { ...set } as Record<string, FieldSet>;
}

/** All members of both sets. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  const out = building(a);
  for (const element in b) {
    const mine = a[element];
    const theirs = b[element]!;
    out[element] = mine === undefined ? theirs : unionNodes(mine, theirs);
  }
  return out;
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  return nodeOf(isMember(a) || isMember(b), union(childrenOf(a), childrenOf(b))) ?? none;
}

/** The members of `a` that are not members of `b`; `a` itself when it loses nothing. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  let out: Record<string, FieldSet> | undefined;
  for (const element in b) {
    const mine = a[element];
    if (mine === undefined || element === self) continue;
    const theirs = b[element]!;
    const left = nodeOf(isMember(mine) && !isMember(theirs), difference(childrenOf(mine), childrenOf(theirs)));
    if (left !== undefined && deepEqual(left, mine)) continue;
    out ??= building(a);
    if (left === undefined) delete out[element];
    else out[element] = left;
  }
  return out ?? a;
}

/** The members of `a` that are neither members of `b` nor below one. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  const out = building(a);
  for (const element in b) {
    const mine = a[element];
    if (mine === undefined || element === self) continue;
    const theirs = b[element]!;
    const left = isMember(theirs)
      ? undefined
      : nodeOf(isMember(mine), recursiveDifference(childrenOf(mine), childrenOf(theirs)));
    if (left === undefined) delete out[element];
    else out[element] = left;
  }
  return out;
}

/** The members of both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const element in a) {
    const theirs = b[element];
    if (theirs === undefined || element === self) continue;
    const mine = a[element]!;
    const both = nodeOf(isMember(mine) && isMember(theirs), intersection(childrenOf(mine), childrenOf(theirs)));
    if (both !== undefined) out[element] = both;
  }
  return out;
}

/** The paths of all members, each a list of elements: of each level first its own, in the order of their text, then those below. */
export function* membersOf(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  const elements = Object.keys(set)
    .filter((element) => element !== self)
    .sort();
  for (const element of elements) if (isMember(set[element]!)) yield [...prefix, element];
  for (const element of elements) yield* membersOf(childrenOf(set[element]!), [...prefix, element]);
}

/** The set of the given dotted paths (`status`, `metadata.labels`). */
export function setOfFields(paths: readonly string[]): FieldSet {
  let set: FieldSet = none;
  for (const path of paths) {
    let node: FieldSet = none;
    for (const name of path.split('.').reverse()) node = { [`f:${name}`]: node };
    set = union(set, node);
  }
  return set;
}

/** Stands for a member below which nothing is collected, as most are. */
const leaf = Symbol('leaf');

/** Collects members; made lazily, so that walks which find nothing cost nothing. */
export class SetBuilder {
  #children: Map<string, SetBuilder | typeof leaf> | undefined;
  #member = false;

  /** The builder of the set below an element. */
  child(element: string): SetBuilder {
    this.#children ??= new Map();
    const known = this.#children.get(element);
    if (known && known !== leaf) return known;
    const child = new SetBuilder();
    child.#member = known === leaf;
    this.#children.set(element, child);
    return child;
  }

  /** Makes an element a member. */
  add(element: string): void {
    this.#children ??= new Map();
    const known = this.#children.get(element);
    if (!known) this.#children.set(element, leaf);
    else if (known !== leaf) known.#member = true;
  }

  /** The set, as a root. */
  build(): FieldSet {
    return this.#node() ?? none;
  }

  #node(): FieldSet | undefined {
    if (!this.#children) return this.#member ? none : undefined;
    const out: Record<string, FieldSet> = this.#member ? { [self]: none } : {};
    let isEmpty = true;
    for (const [element, child] of this.#children) {
      const node = child === leaf ? none : child.#node();
      if (node === undefined) continue;
      out[element] = node;
      isEmpty = false;
    }
    if (isEmpty) return this.#member ? none : undefined;
    return out;
  }
}
