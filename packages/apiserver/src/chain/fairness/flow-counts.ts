import { Distribution } from '@coracle/process/series';

/** Seconds. */
const timeBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const seatBounds = [1, 2, 4, 8, 16, 32, 64, 100];
const lengthBounds = [0, 10, 25, 50, 100, 250, 500, 1000];
const watchBounds = [0, 1, 10, 100, 1000, 10_000];

/** What became of a schema's requests at a level; read when metrics are scraped. */
export class FlowCounts {
  readonly schema: string;
  readonly level: string;
  dispatched = 0;
  readonly rejected = new Map<string, number>();
  inQueue = 0;
  inQueueSeats = 0;
  executing = 0;
  executingSeats = 0;
  readonly waitedExecuted = new Distribution(timeBounds);
  readonly waitedRefused = new Distribution(timeBounds);
  /** Of watches, until what they begin with is sent. */
  readonly watching = new Distribution(timeBounds);
  /** Of all others. */
  readonly execution = new Distribution(timeBounds);
  /** Those each request asked for. */
  readonly seats = new Distribution(seatBounds);
  /** Requests in a queue, as each that came into it found them, itself among them. */
  readonly lengths = new Distribution(lengthBounds);
  /** How often the request whose turn it was had to wait on for seats. */
  unaccommodated = 0;
  /** Watches that may see what a write changes. */
  readonly watches = new Distribution(watchBounds);

  readonly #exempt: boolean;

  constructor(schema: string, level: string, exempt = false) {
    this.schema = schema;
    this.level = level;
    this.#exempt = exempt;
  }

  refused(reason: string, seconds: number): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
    this.waitedRefused.observe(seconds);
  }

  /** `waited`: seconds. */
  began(seats: number, waited: number): void {
    this.dispatched++;
    this.executing++;
    this.executingSeats += seats;
    // Nobody waits at an exempt level.
    if (!this.#exempt) this.waitedExecuted.observe(waited);
  }

  ended(verb: string, seconds: number): void {
    this.executing--;
    (verb === 'watch' ? this.watching : this.execution).observe(seconds);
  }

  released(seats: number): void {
    this.executingSeats -= seats;
  }
}
