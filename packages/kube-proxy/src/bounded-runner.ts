import type { Timers } from './timers.ts';

export interface BoundedRunnerOptions {
  /** At least this long (ms) between two runs, but for a burst of two. */
  minInterval: number;
  /** A failed run is repeated after this long (ms) at the latest. */
  retryInterval: number;
  /** Without any request, a run happens this often (ms), for what may have been changed behind our back. */
  maxInterval: number;
  /** `full` asks for the whole table; set for periodic runs and after failures. */
  run(full: boolean): Promise<void>;
  onError(error: unknown): void;
  timers: Timers;
}

/** Runs a job soon after it is requested, never twice at a time, and not more often than bounded. */
export class BoundedRunner {
  readonly #options: BoundedRunnerOptions;
  #requested = false;
  #full = true;
  #running = false;
  #lastStart = Number.NEGATIVE_INFINITY;
  /** Time saved up: two runs may follow each other directly after a quiet minInterval. */
  #credit = 1;
  #timer: { at: number; cancel: () => void } | undefined;
  #stopped = false;

  constructor(options: BoundedRunnerOptions) {
    this.#options = options;
  }

  /** Asks for a run. `full` as for `run`. */
  request(full = false): void {
    this.#requested = true;
    if (full) this.#full = true;
    this.#plan();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #plan(): void {
    if (this.#running || this.#stopped) return;
    const { timers, minInterval, maxInterval } = this.#options;
    const now = timers.now();
    const idle = now - this.#lastStart;
    if (idle >= minInterval) this.#credit = 2;
    const earliest = this.#credit > 0 ? now : this.#lastStart + minInterval;
    this.#arm(this.#requested ? earliest : this.#lastStart + maxInterval);
  }

  #arm(at: number): void {
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const { timers } = this.#options;
    const fire = () => {
      this.#timer = undefined;
      void this.#run();
    };
    this.#timer = { at, cancel: timers.after(Math.max(0, at - timers.now()), fire) };
  }

  async #run(): Promise<void> {
    const { timers, run, onError, retryInterval, maxInterval } = this.#options;
    const now = timers.now();
    const full = this.#full || now - this.#lastStart >= maxInterval;
    this.#requested = false;
    this.#full = false;
    this.#running = true;
    this.#lastStart = now;
    this.#credit--;
    try {
      await run(full);
    } catch (error) {
      onError(error);
      this.#full = true;
      this.#running = false;
      if (!this.#stopped) this.#arm(timers.now() + retryInterval);
      if (this.#requested) this.#plan();
      return;
    }
    this.#running = false;
    this.#plan();
  }
}
