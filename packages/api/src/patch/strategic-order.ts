import { goText } from '../codec/go-text.ts';
import { encodeJson } from '../codec/json.ts';
import { deepEqual, isObject } from '../meta/object.ts';
import { directive, elementOrderPrefix, noMergeKey, StrategicPatchError } from './strategic-lookup.ts';

/** What identifies an item: the value of its merge key, or the item itself. */
function identity(item: unknown, mergeKey: string): unknown {
  if (mergeKey === '') return item;
  if (!isObject(item) || !Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return item[mergeKey];
}

/** Where a list has which items: looked up by what identifies them, so that long lists of long patches cost no more than both are long. */
export class Positions {
  readonly #mergeKey: string;
  readonly #scalars = new Map<unknown, number>();
  readonly #others = new Map<string, number>();
  #count = 0;
  /** Of the first item that nothing identifies; those after it are not looked at. */
  #broken: unknown;

  constructor(list: readonly unknown[], mergeKey: string) {
    this.#mergeKey = mergeKey;
    for (const item of list) this.add(item);
  }

  /** Takes note of an item that was added at the end of the list. */
  add(item: unknown): void {
    const at = this.#count++;
    if (this.#broken !== undefined) return;
    try {
      const [map, key] = this.#place(item);
      if (!map.has(key)) map.set(key, at);
    } catch (error) {
      this.#broken = error;
    }
  }

  /** The position of the first item with the same identity; -1 where there is none. Throws where an item has no merge key. */
  of(item: unknown): number {
    const [map, key] = this.#place(item);
    const at = map.get(key);
    if (at === undefined && this.#broken !== undefined) throw this.#broken;
    return at ?? -1;
  }

  #place(item: unknown): [Map<unknown, number>, unknown] {
    const value = identity(item, this.#mergeKey);
    const isScalar = typeof value !== 'object' || value === null;
    return isScalar ? [this.#scalars, value] : [this.#others as Map<unknown, number>, encodeJson(value)];
  }
}

/**
 * Where `list` has what `items[at]` is to be compared with: of several items that share an identity (a port for UDP and for TCP) the first with
 * the first, the second with the second. -1 where there is none.
 */
export function counterpart(list: readonly unknown[], items: readonly unknown[], at: number, mergeKey: string): number {
  const wanted = identity(items[at], mergeKey);
  const same = (item: unknown): boolean => deepEqual(identity(item, mergeKey), wanted);
  let before = items.slice(0, at).filter(same).length;
  return list.findIndex((each) => same(each) && before-- === 0);
}

/** Items of `list` that `order` names, and those it does not. */
export function partition(
  list: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string,
): { named: unknown[]; others: unknown[] } {
  const positions = new Positions(order, mergeKey);
  const named: unknown[] = [];
  const others: unknown[] = [];
  for (const item of list) (positions.of(item) >= 0 ? named : others).push(item);
  return { named, others };
}

/** The list in the order in which `order` names its items; items it does not name stay at the end. */
export function sortedBy(list: readonly unknown[], order: readonly unknown[], mergeKey: string): unknown[] {
  const positions = new Positions(order, mergeKey);
  const rank = (item: unknown): number => {
    const at = positions.of(item);
    return at < 0 ? order.length : at;
  };
  return list
    .map((item) => ({ item, rank: rank(item) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/**
 * Brings a merged list into order: items the patch names in the patch's order, the rest in the server's; where both are known to
 * the server, they interleave as they did there.
 */
export function inOrder(
  named: readonly unknown[],
  others: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string,
): unknown[] {
  const right = sortedBy(named, patchOrder, mergeKey);
  const left = sortedBy(others, serverOrder, mergeKey);
  const server = new Positions(serverOrder, mergeKey);
  const out: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i >= left.length) out.push(right[j++]);
    else if (j >= right.length) out.push(left[i++]);
    else {
      const l = server.of(left[i]);
      const r = server.of(right[j]);
      out.push(l >= 0 && r >= 0 && l < r ? left[i++] : right[j++]);
    }
  }
  return out;
}

/** Refuses a patch whose list and element order disagree. */
export function checkElementOrder(list: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (list.length === 0 || order.length === 0) return;
  let at = 0;
  for (const item of list) {
    const instruction = mergeKey !== '' && isObject(item) ? item[directive] : undefined;
    if (instruction === 'delete') continue;
    if (instruction === 'replace') {
      throw new StrategicPatchError(
        `Invalid value: ${goText(item)}: $patch: replace cannot be combined with ${elementOrderPrefix.slice(0, -1)}`,
      );
    }
    while (at < order.length && !deepEqual(identity(order[at], mergeKey), identity(item, mergeKey))) at++;
    if (at >= order.length) {
      throw new StrategicPatchError(
        `The order in patch list:\n${goText(list)}\n doesn't match ${elementOrderPrefix.slice(0, -1)} list:\n${goText(order)}\n`,
      );
    }
    at++;
  }
}
