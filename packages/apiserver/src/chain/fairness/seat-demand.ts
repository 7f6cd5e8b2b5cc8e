/** How many seats were asked for, over a period. */
export interface DemandOfPeriod {
  readonly average: number;
  readonly deviation: number;
  readonly high: number;
}

/** Follows a number over time: seats in use and waited for. Times are milliseconds of whichever clock. */
export class SeatDemand {
  #value = 0;
  #since: number;
  #duration = 0;
  #sum = 0;
  #squares = 0;
  #high = 0;

  constructor(now: number) {
    this.#since = now;
  }

  /** What it is from now on. */
  set(value: number, now: number): void {
    const time = now - this.#since;
    if (time > 0) {
      this.#duration += time;
      this.#sum += this.#value * time;
      this.#squares += this.#value * this.#value * time;
      this.#since = now;
    }
    this.#value = value;
    if (value > this.#high) this.#high = value;
  }

  /** What it was since the last call, and begins a new period. */
  take(now: number): DemandOfPeriod {
    this.set(this.#value, now);
    const duration = this.#duration;
    const average = duration > 0 ? this.#sum / duration : this.#value;
    const variance = duration > 0 ? this.#squares / duration - average * average : 0;
    const high = this.#high;
    this.#duration = this.#sum = this.#squares = 0;
    this.#high = this.#value;
    return { average, deviation: Math.sqrt(Math.max(0, variance)), high };
  }
}
