/**
 * Leases for expiring entries, shared: entries written within a minute of each other hang on one lease (at most 1,000 each),
 * so that a burst of events does not cost a lease apiece. An entry may so live up to 5 % longer than asked, never shorter.
 */
export class LeasePool {
  readonly #grant: (seconds: number) => Promise<bigint>;
  readonly #current = new Map<number, { id: Promise<bigint>; until: number; uses: number }>();

  /** Told how many entries live by a lease that another one takes the place of. */
  onReplaced: ((uses: number) => void) | undefined;

  /** `grant` makes a lease of so many seconds and returns its id. */
  constructor(grant: (seconds: number) => Promise<bigint>) {
    this.#grant = grant;
  }

  /** A lease that lives at least `ttlSeconds` from now. */
  async take(ttlSeconds: number, now = Date.now()): Promise<bigint> {
    const spare = Math.min(60, Math.max(1, Math.floor(ttlSeconds * 0.05)));
    const known = this.#current.get(ttlSeconds);
    if (known && known.until > now && known.uses < 1000) {
      known.uses++;
      return known.id;
    }
    if (known) this.onReplaced?.(known.uses);
    const lease = { id: this.#grant(ttlSeconds + spare), until: now + spare * 1000, uses: 1 };
    this.#current.set(ttlSeconds, lease);
    try {
      return await lease.id;
    } catch (error) {
      if (this.#current.get(ttlSeconds) === lease) this.#current.delete(ttlSeconds);
      throw error;
    }
  }

  /** The lease that was taken last is not there any more. */
  forget(ttlSeconds: number): void {
    this.#current.delete(ttlSeconds);
  }
}
