import { messageOf } from '@coracle/api/meta/message-of';
import { ItemBackoff, WorkQueue } from '@coracle/client/work-queue';

/** Upstream's back-off of these controllers, in milliseconds. */
const firstRetry = 5;
const longestRetry = 30_000;

/** What is done about names, and who is told where it fails. */
export interface KeyedWorkOptions {
  readonly name: string;
  /** How many names are worked on at once. */
  readonly workers: number;
  /** Brings what a name stands for in order; whatever it throws, it is tried again. */
  work(key: string, signal: AbortSignal): Promise<void>;
  /** The message of the log where that failed. */
  readonly failed: string;
  readonly log: { warn(details: object, message: string): void };
}

/** Names that want work: each by one worker at a time, and again after a while where it failed. */
export class KeyedWork {
  readonly #options: KeyedWorkOptions;
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  #workers: Promise<void>[] = [];

  constructor(options: KeyedWorkOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ name: options.name, rateLimiter: new ItemBackoff(firstRetry, longestRetry) });
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  start(): void {
    this.#workers = Array.from({ length: this.#options.workers }, () => this.#run());
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#queue.close();
    await Promise.all(this.#workers);
  }

  async #run(): Promise<void> {
    const { work, failed, log } = this.#options;
    const { signal } = this.#stop;
    for await (const key of this.#queue.take(signal)) {
      try {
        await work(key, signal);
        this.#queue.forget(key);
      } catch (error) {
        if (!signal.aborted) {
          log.warn({ reason: messageOf(error), name: key }, failed);
          this.#queue.addRateLimited(key);
        }
      } finally {
        this.#queue.done(key);
      }
    }
  }
}
