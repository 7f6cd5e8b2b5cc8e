import { TokenBucket } from './rate-limit.ts';

/** What a queue is like at a moment. */
export interface WorkQueueState {
  /** How many keys want work, also those that are being worked on already. */
  readonly depth: number;
  /** How long (s) each key that was handed out has been worked on. */
  ages(): number[];
}

/** What a queue tells to its metrics (workqueue_*). Durations are in seconds. */
export interface WorkQueueMetrics {
  /** The queue is there; what it is like is looked at where somebody asks. */
  follow(state: WorkQueueState): void;
  added(): void;
  waited(seconds: number): void;
  worked(seconds: number): void;
  retried(): void;
}

/** Says how long a failing key must wait before its next turn. */
export interface RateLimiter {
  /** Milliseconds until the key's next turn; each call counts as one more failure. */
  when(key: string): number;
  forget(key: string): void;
  /** Failures since the last `forget`. */
  requeues(key: string): number;
}

/** Doubles the wait of each failing key, from 5 ms up to 1000 s. */
export class ItemBackoff implements RateLimiter {
  readonly #failures = new Map<string, number>();
  readonly #base: number;
  readonly #cap: number;

  constructor(baseMs = 5, capMs = 1_000_000) {
    this.#base = baseMs;
    this.#cap = capMs;
  }

  when(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(this.#base * 2 ** failures, this.#cap);
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  requeues(key: string): number {
    return this.#failures.get(key) ?? 0;
  }
}

/** Upstream's default for controllers: each key's exponential back-off, and 10 retries a second (100 at once) over all keys. */
export class ControllerRateLimiter implements RateLimiter {
  readonly #item: ItemBackoff;
  readonly #bucket = new TokenBucket(10, 100);

  constructor(item = new ItemBackoff()) {
    this.#item = item;
  }

  when(key: string): number {
    return Math.max(this.#item.when(key), this.#bucket.reserve());
  }

  forget(key: string): void {
    this.#item.forget(key);
  }

  requeues(key: string): number {
    return this.#item.requeues(key);
  }
}

export interface WorkQueueOptions {
  name: string;
  rateLimiter?: RateLimiter;
  metrics?: WorkQueueMetrics;
}

/**
 * Keys that want work. A key is in the queue at most once and is never handed out twice at the same time: added while it is being
 * worked on, it comes again after `done`.
 */
export class WorkQueue {
  readonly name: string;
  readonly #limiter: RateLimiter;
  readonly #metrics: WorkQueueMetrics | undefined;
  /** In the order of their turn. All of it is in #dirty, nothing of it in #working. */
  readonly #queue: string[] = [];
  #head = 0;
  /** Keys that want work. */
  readonly #dirty = new Set<string>();
  /** Keys handed out and not done. */
  readonly #working = new Map<string, number>();
  readonly #addedAt = new Map<string, number>();
  /** Keys to add later: the earliest timer of each. */
  readonly #later = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.name = options.name;
    this.#limiter = options.rateLimiter ?? new ControllerRateLimiter();
    this.#metrics = options.metrics;
    const [dirty, working] = [this.#dirty, this.#working];
    this.#metrics?.follow({
      get depth() {
        return dirty.size;
      },
      ages: () => [...working.values()].map((since) => (performance.now() - since) / 1000),
    });
  }

  /** Whether any key wants work, or is being worked on; those that are to be added later do not count. */
  get busy(): boolean {
    return this.#dirty.size > 0 || this.#working.size > 0;
  }

  /** How many keys wait for their turn. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#metrics?.added();
    this.#dirty.add(key);
    if (this.#metrics) this.#addedAt.set(key, performance.now());
    if (!this.#working.has(key)) this.#enqueue(key);
  }

  /** Adds the key after a time (ms); of several times for one key the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return;
    this.#metrics?.retried();
    this.#plan(key, ms);
  }

  #plan(key: string, ms: number): void {
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = performance.now() + ms;
    const planned = this.#later.get(key);
    if (planned && planned.at <= at) return;
    if (planned) clearTimeout(planned.timer);
    const timer = setTimeout(() => this.#due(key, at), Math.min(ms, maxTimeout));
    this.#later.set(key, { at, timer });
  }

  #due(key: string, at: number): void {
    this.#later.delete(key);
    const left = at - performance.now();
    if (left > 1) this.#plan(key, left);
    else this.add(key);
  }

  /** Adds a key that failed, after its back-off. */
  addRateLimited(key: string): void {
    this.addAfter(key, this.#limiter.when(key));
  }

  /** The key succeeded: its next failure starts the back-off anew. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** How often the key failed since it last succeeded. */
  requeues(key: string): number {
    return this.#limiter.requeues(key);
  }

  /** The next key, or undefined once the queue is closed and empty. Each key taken must be given to `done`. */
  next(signal?: AbortSignal): Promise<string | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    if (this.length > 0) return Promise.resolve(this.#hand(this.#dequeue()));
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const taker = (key: string | undefined): void => {
        signal?.removeEventListener('abort', abort);
        resolve(key);
      };
      const abort = (): void => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        resolve(undefined);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#takers.push(taker);
    });
  }

  /** Keys one after the other until the signal is aborted or the queue closed; several takers share the work. */
  async *take(signal: AbortSignal): AsyncGenerator<string> {
    for (;;) {
      const key = await this.next(signal);
      if (key === undefined) return;
      yield key;
    }
  }

  /** The work on a key has ended, well or not; if it was added meanwhile its turn comes again. */
  done(key: string): void {
    const since = this.#working.get(key);
    if (since === undefined) return;
    this.#working.delete(key);
    this.#metrics?.worked((performance.now() - since) / 1000);
    if (this.#dirty.has(key)) this.#enqueue(key);
  }

  /** Takes no more keys and lets the takers go once the waiting ones are handed out; planned ones are dropped. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#later.values()) clearTimeout(timer);
    this.#later.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #enqueue(key: string): void {
    const taker = this.#takers.shift();
    if (taker) taker(this.#hand(key));
    else this.#queue.push(key);
  }

  #dequeue(): string {
    const key = this.#queue[this.#head]!;
    this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return key;
  }

  #hand(key: string): string {
    const now = performance.now();
    this.#dirty.delete(key);
    this.#working.set(key, now);
    if (this.#metrics) this.#metrics.waited((now - (this.#addedAt.get(key) ?? now)) / 1000);
    this.#addedAt.delete(key);
    return key;
  }
}

/** The longest a timer of Node.js runs. */
const maxTimeout = 2 ** 31 - 1;
