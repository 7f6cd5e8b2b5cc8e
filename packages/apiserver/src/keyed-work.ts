import { messageOf } from '@coracle/api/meta/message-of';
import { ItemBackoff, WorkQueue } from '@coracle/client/work-queue';
import type { QueueMetrics } from '@coracle/process/work-queue-metrics';

/** Upstream's back-off of these controllers, in milliseconds. */
const firstRetry = 5;
const longestRetry = 30_000;

/** Who is told of the work. */
export interface Told {
  readonly log: { warn(details: object, message: string): void };
  readonly queueMetrics?: QueueMetrics | undefined;
}

/** What is done about names, and who is told where it fails. */
export interface KeyedWorkOptions {
  /** What metrics call the queue. */
  readonly name: string;
  /** How many names are worked on at once. */
  readonly workers: number;
  /** Brings what a name stands for in order; whatever it throws, it is tried again. */
  work(key: string, signal: AbortSignal): Promise<void>;
  /** The message of the log where that failed. */
  readonly failed: string;
  readonly told: Told;
}

/** Names that want work: each by one worker at a time, and again after a while where it failed. */
export class KeyedWork {
  readonly #options: KeyedWorkOptions;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  readonly #onceIdle: (() => void)[] = [];
  #workers: Promise<void>[] = [];

  constructor(options: KeyedWorkOptions) {
    const { name, told } = options;
    this.#options = options;
    this.#queue = new WorkQueue({
      name,
      rateLimiter: new ItemBackoff(firstRetry, longestRetry),
      metrics: told.queueMetrics?.(name),
    });
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  /** Adds a name after a time (ms). */
  addAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms);
  }

  start(): void {
    this.#workers = Array.from({ length: this.#options.workers }, () => this.#run());
  }

  /** Resolves when all there is to do has been tried; what failed may still have to be tried again. */
  async idle(): Promise<void> {
    if (this.#queue.busy && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => this.#onceIdle.push(resolve));
    }
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#queue.close();
    await Promise.all(this.#workers);
    this.#tellIdle();
  }

  #tellIdle(): void {
    for (const resolve of this.#onceIdle.splice(0)) resolve();
  }

  async #run(): Promise<void> {
    const { work, failed, told } = this.#options;
    const { signal } = this.#stop;
    for await (const key of this.#queue.take(signal)) {
      try {
        await work(key, signal);
        this.#queue.forget(key);
      } catch (error) {
        if (!signal.aborted) {
          told.log.warn({ reason: messageOf(error), name: key }, failed);
          this.#queue.addRateLimited(key);
        }
      } finally {
        this.#queue.done(key);
        if (!this.#queue.busy) this.#tellIdle();
      }
    }
  }
}
