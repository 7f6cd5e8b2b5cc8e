/** The lease was lost: the work must not go on. Programs exit on it, as upstream's do. */
export class LeaderElectionLost extends Error {
  override name = 'LeaderElectionLost';

  constructor() {
    super('leaderelection lost');
  }
}

/**
 * Holds back what a leader would write once its leadership is no longer certain. A process that was stopped (SIGSTOP, a paused virtual
 * machine) learns late that another leads: timers and answers come in any order when it goes on. The fence asks no timer, only the
 * monotonic clock, in the very call that hands a request to the connection.
 */
export class Fence {
  #open = false;
  #certainUntil = Number.NEGATIVE_INFINITY;
  #lost: ((error: LeaderElectionLost) => void) | undefined;
  readonly #now: () => number;

  /** `now` gives milliseconds of a clock that counts on while the process is stopped. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Lets everything through: nobody else can lead. */
  open(): void {
    this.#open = true;
  }

  /** Lets writes through until then; `lost` is called when one comes later, before its writer is told. */
  lead(certainUntil: number, lost: (error: LeaderElectionLost) => void): void {
    this.#certainUntil = certainUntil;
    this.#lost = lost;
  }

  /** Lets nothing through any more. */
  close(): void {
    this.#certainUntil = Number.NEGATIVE_INFINITY;
  }

  /** Throws LeaderElectionLost unless this process certainly leads at this moment. */
  check(): void {
    if (this.#open || this.#now() < this.#certainUntil) return;
    const error = new LeaderElectionLost();
    this.#lost?.(error);
    throw error;
  }
}
