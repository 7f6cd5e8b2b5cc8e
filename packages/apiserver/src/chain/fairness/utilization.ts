import { Distribution } from '@coracle/process/series';

/**
 * How much of something was used, by time: for each nanosecond one observation of the part in use, as upstream's histograms of utilization have it. Times
 * are milliseconds of whichever clock.
 */
export class Utilization {
  readonly #seen: Distribution;
  #used = 0;
  #of = 1;
  #since: number;

  constructor(bounds: readonly number[], now: number) {
    this.#seen = new Distribution(bounds);
    this.#since = now;
  }

  /** What is in use from now on, and of how much. Of nothing, it is all that is used. */
  set(used: number, of: number, now: number): void {
    this.#catchUp(now);
    this.#used = used;
    this.#of = Math.max(1, of);
  }

  /** What was observed until now. */
  observed(now: number): Distribution {
    this.#catchUp(now);
    return this.#seen;
  }

  #catchUp(now: number): void {
    const nanoseconds = Math.round((now - this.#since) * 1e6);
    this.#since = now;
    if (nanoseconds > 0) this.#seen.observe(this.#used / this.#of, nanoseconds);
  }
}
