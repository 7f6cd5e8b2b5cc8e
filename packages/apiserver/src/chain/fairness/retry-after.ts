const longest = 32;

/**
 * How many seconds those who are refused should wait before they ask again: more while many are refused, and less again when few are, as upstream
 * reckons it (much as TCP does). Times are whole seconds.
 */
export class RetryAfter {
  #seconds = 1;
  #raisedAt = 0;
  /** Refusals of seconds that are over, the oldest first. */
  #history: { readonly second: number; readonly refused: number }[] = [];
  #second = 0;
  #refused = 0;

  /** What to tell somebody now. */
  get seconds(): number {
    return this.#seconds;
  }

  /** One more was refused. */
  refused(second: number): void {
    if (second > this.#second) {
      if (this.#refused > 0) this.#history.push({ second: this.#second, refused: this.#refused });
      this.#history = this.#history.filter((each) => second - each.second <= longest);
      this.#second = second;
      this.#refused = 0;
      this.#reckon(second);
    }
    this.#refused++;
  }

  #reckon(now: number): void {
    const recent = this.#history.filter(({ second }) => now - second <= this.#seconds);
    const refused = recent.reduce((sum, each) => sum + each.refused, 0);
    if (refused >= 3 * this.#seconds && now - this.#raisedAt >= this.#seconds) {
      this.#seconds = Math.min(longest, this.#seconds * 2);
      this.#raisedAt = now;
    } else if (refused < this.#seconds && this.#seconds > 1) this.#seconds--;
  }
}
