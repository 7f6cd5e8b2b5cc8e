/** A set of strings in code-unit order, for range reads. Insertion at the end is O(1), elsewhere a binary search and a move. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const last = this.#keys.at(-1);
    if (last === undefined || last < key) {
      this.#keys.push(key);
      return;
    }
    const at = this.lowerBound(key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }

  delete(key: string): void {
    const at = this.lowerBound(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  clear(): void {
    this.#keys.length = 0;
  }

  /** Index of the first key that is not before `key`. */
  lowerBound(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Keys that start with `prefix` and are not before `from`, in order. */
  *range(prefix: string, from = prefix): Generator<string> {
    for (let at = this.lowerBound(from < prefix ? prefix : from); at < this.#keys.length; at++) {
      const key = this.#keys[at]!;
      if (!key.startsWith(prefix)) return;
      yield key;
    }
  }

  /** As `range`, as an array. */
  slice(prefix: string, from = prefix): string[] {
    const start = this.lowerBound(from < prefix ? prefix : from);
    if (prefix === '') return this.#keys.slice(start);
    return this.#keys.slice(start, Math.max(start, this.#end(prefix)));
  }

  /** How many start with `prefix`. */
  count(prefix: string): number {
    return prefix === '' ? this.#keys.length : this.#end(prefix) - this.lowerBound(prefix);
  }

  /** Index of the first key after all that start with `prefix`, which is not empty. */
  #end(prefix: string): number {
    return this.lowerBound(prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1));
  }
}
