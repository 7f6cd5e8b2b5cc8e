/** Lists of fewer items are changed as they are. */
const long = 4096;
/** How many items a part of a long list has at first; it is split when it has twice as many. */
const part = 1024;

/** The items of a long list, in parts: to put one in or take one out moves a part of them at most. */
class Parts {
  readonly #parts: unknown[][] = [];
  #length: number;

  constructor(list: readonly unknown[]) {
    this.#length = list.length;
    for (let i = 0; i < list.length; i += part) this.#parts.push(list.slice(i, i + part));
  }

  get length(): number {
    return this.#length;
  }

  /** The part that has the item of an index, which may be one beyond the last, and where in it. */
  #find(index: number): { which: number; items: unknown[]; offset: number } {
    let offset = index;
    let which = 0;
    for (; which < this.#parts.length - 1 && offset >= this.#parts[which]!.length; which++)
      offset -= this.#parts[which]!.length;
    return { which, items: this.#parts[which]!, offset };
  }

  at(index: number): unknown {
    const { items, offset } = this.#find(index);
    return items[offset];
  }

  set(index: number, value: unknown): void {
    const { items, offset } = this.#find(index);
    items[offset] = value;
  }

  insert(index: number, value: unknown): void {
    const { which, items, offset } = this.#find(index);
    items.splice(offset, 0, value);
    if (items.length === 2 * part) this.#parts.splice(which, 1, items.slice(0, part), items.slice(part));
    this.#length++;
  }

  remove(index: number): void {
    const { which, items, offset } = this.#find(index);
    items.splice(offset, 1);
    if (items.length === 0 && this.#parts.length > 1) this.#parts.splice(which, 1);
    this.#length--;
  }

  /** Writes the items back to the list they are of. */
  writeTo(list: unknown[]): void {
    list.length = 0;
    for (const items of this.#parts) for (const item of items) list.push(item);
  }
}

/**
 * The lists of a document that is changed step by step. A long one is taken apart by the first change of its length, so that each of many changes
 * costs little; from then on it is to be looked at through this, until it is settled.
 */
export class Lists {
  readonly #apart = new Map<unknown[], Parts>();

  length(list: readonly unknown[]): number {
    return this.#apart.get(list as unknown[])?.length ?? list.length;
  }

  at(list: readonly unknown[], index: number): unknown {
    const parts = this.#apart.get(list as unknown[]);
    return parts ? parts.at(index) : list[index];
  }

  set(list: unknown[], index: number, value: unknown): void {
    const parts = this.#apart.get(list);
    if (parts) parts.set(index, value);
    else list[index] = value;
  }

  /** Puts an item in before the one of the index, or at the end. */
  insert(list: unknown[], index: number, value: unknown): void {
    const parts = this.#partsOf(list);
    if (parts) parts.insert(index, value);
    else list.splice(index, 0, value);
  }

  remove(list: unknown[], index: number): void {
    const parts = this.#partsOf(list);
    if (parts) parts.remove(index);
    else list.splice(index, 1);
  }

  #partsOf(list: unknown[]): Parts | undefined {
    let parts = this.#apart.get(list);
    if (!parts && list.length >= long) {
      parts = new Parts(list);
      this.#apart.set(list, parts);
    }
    return parts;
  }

  /** Gives a value and all that is in it the form it has for everybody else, and returns it. */
  settle<T>(value: T): T {
    if (this.#apart.size === 0) return value;
    const open: unknown[] = [value];
    while (open.length > 0) {
      const next = open.pop();
      if (typeof next !== 'object' || next === null) continue;
      if (Array.isArray(next)) {
        this.#apart.get(next)?.writeTo(next);
        this.#apart.delete(next);
        for (const item of next) open.push(item);
      } else for (const item of Object.values(next)) open.push(item);
    }
    return value;
  }
}
