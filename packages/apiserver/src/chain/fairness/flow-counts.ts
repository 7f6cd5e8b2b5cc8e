/** A histogram as plain numbers: what is counted on the way of every request must cost next to nothing. */
export class Tally {
  readonly bounds: readonly number[];
  /** One more than bounds: the last is of what is beyond them all. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.bounds.length && value > this.bounds[at]!) at++;
    this.counts[at]!++;
    this.sum += value;
  }
}

/** Seconds. */
const waitBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const executionBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const seatBounds = [1, 2, 4, 10];
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
  readonly waitedExecuted = new Tally(waitBounds);
  readonly waitedRefused = new Tally(waitBounds);
  readonly execution = new Tally(executionBounds);
  readonly seats = new Tally(seatBounds);
  /** Watches that may see what a write changes. */
  readonly watches = new Tally(watchBounds);

  constructor(schema: string, level: string) {
    this.schema = schema;
    this.level = level;
  }

  refused(reason: string, seconds: number): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
    this.waitedRefused.observe(seconds);
  }

  began(seats: number, waited: number): void {
    this.dispatched++;
    this.executing++;
    this.executingSeats += seats;
    this.seats.observe(seats);
    this.waitedExecuted.observe(waited);
  }

  ended(seats: number, seconds: number): void {
    this.executing--;
    this.executingSeats -= seats;
    this.execution.observe(seconds);
  }
}
