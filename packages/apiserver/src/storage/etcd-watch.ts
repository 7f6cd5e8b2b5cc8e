import { setTimeout as delay } from 'node:timers/promises';
import type { EtcdClient, EtcdMembers, WatchResponse } from '@coracle/etcd';
import { translated } from './etcd-failures.ts';
import { CompactedError, FutureRevisionError, type StoreBatch, StoreUnavailableError } from './store.ts';

const firstPause = 50;
const longestPause = 5_000;

/** How often (ms) it is looked whether the watch keeps up with what other answers show. */
const lookPeriod = 1_000;

/**
 * All changes of etcd's whole key space after a revision. Lost streams are opened again, at another member where there is one, after the last
 * delivered event: etcd's header revision is not a safe place to resume from, because a watcher that is catching up gets it
 * ahead of its events.
 */
export async function* watchEtcd(members: EtcdMembers, after: number, signal: AbortSignal): AsyncGenerator<StoreBatch> {
  let last = after;
  let pause = firstPause;
  while (!signal.aborted) {
    const member = members.current;
    const stream = new WatchStream(member, members, last, signal);
    try {
      for (let batch = await stream.next(); batch; batch = await stream.next()) {
        pause = firstPause;
        if (batch.revision > last) last = batch.revision;
        yield batch;
      }
    } catch (error) {
      const known = translated(error);
      if (!(known instanceof StoreUnavailableError) && !(error instanceof Disconnected)) throw known;
      members.turnFrom(member);
    } finally {
      stream.close();
    }
    if (signal.aborted) return;
    await delay(pause, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
    pause = Math.min(pause * 2, longestPause);
  }
}

class Disconnected extends Error {}

/** One etcd watcher's events as a queue that is pulled from. */
class WatchStream {
  readonly #signal: AbortSignal;
  readonly #members: EtcdMembers;
  readonly #batches: StoreBatch[] = [];
  readonly #look: NodeJS.Timeout;
  readonly #forget: () => void;
  readonly #call: { cancel(): void };
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #received: number;
  /** A revision that an answer has shown and this watch had not brought at the last look. */
  #awaited = 0;
  /** Nothing has come since the last look. */
  #silent = false;
  readonly #onAbort = () => this.#rouse();

  constructor(member: EtcdClient, members: EtcdMembers, after: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#members = members;
    this.#received = after;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    members.takeNewest(); // what was seen before says nothing about this watch
    this.#forget = members.onTurn(member, () => this.#fail(new Disconnected('the member does not answer')));
    this.#look = setInterval(() => this.#keepsUp(), lookPeriod).unref();
    const everything = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };
    this.#call = member.watch(
      { ...everything, startRevision: after + 1, progressNotify: true },
      {
        answer: (answer) => this.#receive(answer),
        ended: (error) => this.#fail(error ?? new Disconnected('the watch stream ended')),
      },
    );
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
    clearInterval(this.#look);
    this.#forget();
    this.#call.cancel();
  }

  #receive(answer: WatchResponse): void {
    if (answer.canceled) {
      const compacted = answer.compactRevision > 0;
      this.#fail(compacted ? new CompactedError() : new Error(`the watch was canceled: ${answer.cancelReason}`));
      return;
    }
    if (answer.created) {
      if (answer.revision < this.#received) void this.#compare();
      return;
    }
    this.#silent = false;
    const last = answer.events.at(-1);
    const revision = last ? last.kv.modRevision : answer.revision;
    this.#received = Math.max(this.#received, revision);
    this.#batches.push({
      revision,
      events: answer.events.map(({ type, kv }) => ({
        key: kv.key.toString(),
        revision: kv.modRevision,
        value: type === 'put' ? kv.value : undefined,
      })),
    });
    this.#rouse();
  }

  /**
   * A member that hangs, or is cut off, brings nothing and does not break the connection, while others go on. Every revision is an event here: one
   * that an answer showed a while ago and that has not come, while nothing else came either, will not come.
   */
  #keepsUp(): void {
    const awaited = this.#awaited;
    this.#awaited = 0;
    if (awaited > this.#received && this.#silent) {
      this.#fail(new Disconnected(`the watch is silent, and revision ${awaited} exists`));
      return;
    }
    this.#silent = true;
    const newest = Math.max(this.#members.takeNewest(), awaited);
    if (newest > this.#received) this.#awaited = newest;
  }

  /** The member has not seen what this watch is to follow: it lags, or the store was restored to an earlier state. */
  async #compare(): Promise<void> {
    try {
      const revision = await this.#members.revision();
      if (revision < this.#received) this.#fail(new FutureRevisionError());
    } catch (error) {
      this.#fail(error as Error);
    }
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
