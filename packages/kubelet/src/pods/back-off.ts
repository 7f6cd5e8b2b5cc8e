/** Waiting times that double with each failure, by key. All times are milliseconds. */
export class BackOff {
  readonly #initial: number;
  readonly #max: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, { delay: number; updated: number }>();

  constructor(initial: number, max: number, now: () => number = Date.now) {
    this.#initial = initial;
    this.#max = max;
    this.#now = now;
  }

  /** How long is still to be waited after an event (a failure) at `since`; 0 when the next try may be made. */
  remaining(key: string, since: number): number {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(since, entry.updated)) return 0;
    return Math.max(0, since + entry.delay - this.#now());
  }

  /** The delay now in force; 0 for an unknown key. */
  delay(key: string): number {
    return this.#entries.get(key)?.delay ?? 0;
  }

  /** Notes a try after an event at `since`: the delay doubles, or begins anew when all went well for twice the longest delay. */
  next(key: string, since: number): void {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(since, entry.updated))
      this.#entries.set(key, { delay: this.#initial, updated: this.#now() });
    else this.#entries.set(key, { delay: Math.min(entry.delay * 2, this.#max), updated: this.#now() });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Drops what has not been touched for so long that it would begin anew. */
  collect(): void {
    for (const [key, entry] of this.#entries) if (this.#expired(this.#now(), entry.updated)) this.#entries.delete(key);
  }

  #expired(since: number, updated: number): boolean {
    return since - updated > this.#max * 2;
  }
}
