import type { Clock } from '../clock.ts';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; then: () => void }[] = [];

  /** `now` in milliseconds. */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, then: () => void): () => void {
    const timer = { at: this.#now + milliseconds, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Whether somebody waits. */
  get waitedFor(): boolean {
    return this.#timers.length > 0;
  }

  /** Time has passed with nothing running, as when the machine slept; what was due meanwhile happens late. */
  async sleepThrough(seconds: number): Promise<void> {
    this.#now += seconds * 1000;
    await this.pass(0);
  }

  /** Lets time pass, and everything happen that was due. */
  async pass(seconds: number): Promise<void> {
    const until = this.#now + seconds * 1000;
    for (;;) {
      const next = this.#timers.filter((each) => each.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.then();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = until;
  }
}
