import { type CachedObject, sizeOf } from './cached-object.ts';

/** A change of one object, as the cache saw it. */
export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** The new object; for DELETED the last one, under the revision of the deletion. */
  readonly object: CachedObject;
  readonly previous: CachedObject | undefined;
}

/** How much history is kept: at least `least` events, else no more than so many events, bytes and milliseconds. */
export interface HistoryBounds {
  least: number;
  most: number;
  bytes: number;
  age: number;
}

export const defaultBounds: HistoryBounds = { least: 100, most: 100_000, bytes: 32 << 20, age: 75_000 };

interface Kept {
  readonly event: CacheEvent;
  readonly at: number;
  readonly size: number;
}

/** The last changes of a resource, so that watches can resume. Bounded by count, bytes and age. */
export class History {
  /** Undefined before `#start`: what is forgotten is not held until the array is cut. */
  #events: (Kept | undefined)[] = [];
  /** Index of the oldest event that is still kept. */
  #start = 0;
  #bytes = 0;
  #floor: number;
  readonly #bounds: HistoryBounds;

  /** A history that begins after `floor`: every change after it will be in here. */
  constructor(floor: number, bounds: HistoryBounds = defaultBounds) {
    this.#floor = floor;
    this.#bounds = bounds;
  }

  /** All changes after this revision are kept; what happened up to it is not. */
  get floor(): number {
    return this.#floor;
  }

  /** The most changes it keeps. */
  get capacity(): number {
    return this.#bounds.most;
  }

  get size(): number {
    return this.#events.length - this.#start;
  }

  push(event: CacheEvent, now = Date.now()): void {
    const size = sizeOf(event.object);
    this.#events.push({ event, at: now, size });
    this.#bytes += size;
    this.#trim(now);
  }

  /** The changes after a revision, oldest first, at most `limit`. The caller has compared the revision with `floor`. */
  after(revision: number, limit = Number.POSITIVE_INFINITY): CacheEvent[] {
    let low = this.#start;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.event.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#events.slice(low, low + limit).map((each) => each!.event);
  }

  #trim(now: number): void {
    const { least, most, bytes, age } = this.#bounds;
    while (this.size > least) {
      const oldest = this.#events[this.#start]!;
      if (this.size <= most && this.#bytes <= bytes && now - oldest.at <= age) break;
      this.#floor = oldest.event.revision;
      this.#bytes -= oldest.size;
      this.#events[this.#start++] = undefined;
    }
    if (this.#start > 1024 && this.#start > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }
}
