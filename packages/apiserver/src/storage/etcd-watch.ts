import { setTimeout as delay } from 'node:timers/promises';
import type { Etcd3, IWatchResponse, Watcher } from 'etcd3';
import { translated } from './etcd-store.ts';
import { CompactedError, type StoreBatch, StoreUnavailableError } from './store.ts';

const firstPause = 100;
const longestPause = 5_000;

/**
 * All changes of etcd's whole key space after a revision. Lost streams are opened again after the last delivered event: etcd's
 * header revision is not a safe place to resume from, because a watcher that is catching up gets it ahead of its events.
 */
export async function* watchEtcd(etcd: Etcd3, after: number, signal: AbortSignal): AsyncGenerator<StoreBatch> {
  let last = after;
  let pause = firstPause;
  while (!signal.aborted) {
    const stream = new WatchStream(etcd, last + 1, signal);
    try {
      for (let batch = await stream.next(); batch; batch = await stream.next()) {
        pause = firstPause;
        if (batch.revision > last) last = batch.revision;
        yield batch;
      }
    } catch (error) {
      if (isCompaction(error)) throw new CompactedError();
      const known = translated(error);
      if (known instanceof CompactedError) throw known;
      if (!(known instanceof StoreUnavailableError) && !(error instanceof Disconnected)) throw known;
    } finally {
      stream.close();
    }
    if (signal.aborted) return;
    await delay(pause, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
    pause = Math.min(pause * 2, longestPause);
  }
}

class Disconnected extends Error {}

/** etcd cancels a watch of compacted history without giving a reason; its other cancellations have one. */
function isCompaction(error: unknown): boolean {
  return error instanceof Error && error.message.trim() === 'Watcher canceled:';
}

/** One etcd watcher's events as a queue that is pulled from. */
class WatchStream {
  readonly #watcher: Watcher;
  readonly #signal: AbortSignal;
  readonly #batches: StoreBatch[] = [];
  #failure: Error | undefined;
  #closed = false;
  #wake: (() => void) | undefined;
  readonly #onAbort = () => this.#rouse();

  constructor(etcd: Etcd3, from: number, signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#watcher = etcd
      .watch()
      .inRange({ start: Buffer.from([0]), end: Buffer.from([0]) })
      .startRevision(String(from))
      .watcher();
    this.#watcher.on('data', (answer: IWatchResponse) => this.#receive(answer));
    this.#watcher.on('error', (error: Error) => this.#fail(error));
    this.#watcher.on('disconnected', () => this.#fail(new Disconnected('the watch stream ended')));
  }

  /** The next batch; undefined once the signal aborted. */
  async next(): Promise<StoreBatch | undefined> {
    for (;;) {
      if (this.#signal.aborted) return undefined;
      const batch = this.#batches.shift();
      if (batch) return batch;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#closed) return;
    this.#closed = true;
    this.#watcher.removeAllListeners('data');
    // The watcher may be told to end while its stream is already gone; there is nothing left to do then.
    this.#watcher.cancel().catch(() => undefined);
  }

  #receive(answer: IWatchResponse): void {
    const last = answer.events.at(-1);
    this.#batches.push({
      revision: Number(last ? last.kv.mod_revision : answer.header.revision),
      events: answer.events.map((event) => ({
        key: event.kv.key.toString(),
        revision: Number(event.kv.mod_revision),
        value: event.type === 'Put' ? event.kv.value : undefined,
      })),
    });
    this.#rouse();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#rouse();
  }

  #rouse(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
