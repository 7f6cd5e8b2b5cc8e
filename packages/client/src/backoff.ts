/** Exponential back-off with jitter and a cap, reset after a calm period (the reflector's: 800 ms to 30 s, reset after 2 min). */
export class Backoff {
  readonly #base: number;
  readonly #cap: number;
  readonly #resetAfter: number;
  #next: number;
  #last = 0;

  /** All in milliseconds. */
  constructor(base = 800, cap = 30_000, resetAfter = 120_000) {
    this.#base = base;
    this.#cap = cap;
    this.#resetAfter = resetAfter;
    this.#next = base;
  }

  /** How long to wait before the next attempt. */
  next(): number {
    const now = performance.now();
    if (now - this.#last > this.#resetAfter) this.#next = this.#base;
    this.#last = now;
    const wait = Math.min(this.#next, this.#cap);
    this.#next = Math.min(this.#next * 2, this.#cap);
    return wait * (1 + Math.random());
  }

  reset(): void {
    this.#next = this.#base;
  }
}
