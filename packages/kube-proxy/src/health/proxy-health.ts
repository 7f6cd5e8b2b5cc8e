import type { Timers } from '../timers.ts';

/** Tells whether the table keeps up with the cluster: an update that waits for too long makes the proxy unhealthy. */
export class ProxyHealth {
  readonly #timers: Timers;
  readonly #timeout: number;
  /** Per family: when the oldest change that is not in the table yet came. */
  readonly #waiting = new Map<string, number>();
  #lastUpdated = Date.now();
  #synced = new Set<string>();
  #expected: readonly string[];
  nodeEligible = true;

  constructor(families: readonly string[], timeout: number, timers: Timers) {
    this.#expected = families;
    this.#timeout = timeout;
    this.#timers = timers;
  }

  queued(family: string): void {
    if (!this.#waiting.has(family)) this.#waiting.set(family, this.#timers.now());
  }

  updated(family: string): void {
    this.#waiting.delete(family);
    this.#synced.add(family);
    this.#lastUpdated = Date.now();
  }

  /** Every family's table has been made, and no change waits for longer than the time-out. */
  get healthy(): boolean {
    if (this.#expected.some((each) => !this.#synced.has(each))) return false;
    const now = this.#timers.now();
    return [...this.#waiting.values()].every((since) => now - since < this.#timeout);
  }

  get lastUpdated(): Date {
    return this.healthy ? new Date() : new Date(this.#lastUpdated);
  }
}
