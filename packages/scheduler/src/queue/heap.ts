/** A priority queue whose items have keys, so that one of them can be found, replaced or taken out. All steps are O(log n). */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #at = new Map<string, number>();
  readonly #key: (item: T) => string;
  readonly #less: (a: T, b: T) => boolean;

  constructor(key: (item: T) => string, less: (a: T, b: T) => boolean) {
    this.#key = key;
    this.#less = less;
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): T | undefined {
    const at = this.#at.get(key);
    return at === undefined ? undefined : this.#items[at];
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds an item, or puts it in the place of the one with its key. */
  set(item: T): void {
    const key = this.#key(item);
    const at = this.#at.get(key);
    if (at === undefined) {
      this.#place(item, this.#items.length);
      this.#up(this.#items.length - 1);
    } else {
      this.#items[at] = item;
      this.#up(at);
      this.#down(this.#at.get(key)!);
    }
  }

  delete(key: string): T | undefined {
    const at = this.#at.get(key);
    if (at === undefined) return undefined;
    const found = this.#items[at]!;
    const last = this.#items.pop()!;
    this.#at.delete(key);
    if (at < this.#items.length) {
      this.#place(last, at);
      this.#up(at);
      this.#down(this.#at.get(this.#key(last))!);
    }
    return found;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    return first === undefined ? undefined : this.delete(this.#key(first));
  }

  values(): readonly T[] {
    return this.#items;
  }

  #place(item: T, at: number): void {
    this.#items[at] = item;
    this.#at.set(this.#key(item), at);
  }

  #up(from: number): void {
    let at = from;
    const item = this.#items[at]!;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#less(item, this.#items[parent]!)) break;
      this.#place(this.#items[parent]!, at);
      at = parent;
    }
    this.#place(item, at);
  }

  #down(from: number): void {
    let at = from;
    const item = this.#items[at]!;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#items.length) break;
      if (child + 1 < this.#items.length && this.#less(this.#items[child + 1]!, this.#items[child]!)) child++;
      if (!this.#less(this.#items[child]!, item)) break;
      this.#place(this.#items[child]!, at);
      at = child;
    }
    this.#place(item, at);
  }
}
