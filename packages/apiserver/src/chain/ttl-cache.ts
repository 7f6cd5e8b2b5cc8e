/** Remembers values for a time each; forgets the oldest beyond its size. */
export class TtlCache<V> {
  readonly #size: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  /** `now` gives milliseconds; tests pass their own. */
  constructor(size: number, now: () => number = Date.now) {
    this.#size = size;
    this.#now = now;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry && entry.until > this.#now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** `ttl` in milliseconds; 0 remembers nothing. */
  set(key: string, value: V, ttl: number): void {
    if (ttl <= 0) return;
    this.#entries.set(key, { value, until: this.#now() + ttl });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#size) break;
      this.#entries.delete(oldest);
    }
  }
}
