import { CostLimitError } from './failure.ts';

/** Counts what an evaluation costs, and ends it when that is more than the limit. */
export class Meter {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Throws CostLimitError beyond the limit. */
  add(cost: number): void {
    this.#used += cost;
    if (this.#used > this.#limit) throw new CostLimitError();
  }
}
