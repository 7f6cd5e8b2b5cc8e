import { TokenBucket } from '@coracle/client/rate-limit';
import type { AuditBackend, AuditEvent } from '../event.ts';

/** How events are gathered before they are handed on. */
export interface BatchOptions {
  /** Events that may wait; further ones are lost. */
  readonly bufferSize: number;
  /** Events handed on at once. */
  readonly maxBatchSize: number;
  /** How long (ms) the first of a batch waits for more. */
  readonly maxWait: number;
  /** How many batches may be under way; 1 by default: one after another. */
  readonly atOnce?: number;
  /** Batches a second, and how many may go at once; undefined: no limit. */
  readonly throttle?: { readonly qps: number; readonly burst: number };
}

/** What takes events in the end. Throws when it could not. */
export type Sink = (events: readonly AuditEvent[]) => Promise<void> | void;

/** What a backend tells of events it lost. */
export type Lost = (events: number, error: unknown) => void;

/** Modes `blocking` and `blocking-strict`: each event is handed on before its request goes on. */
export function blocking(sink: Sink, strict: boolean, lost: Lost): AuditBackend {
  return {
    async process(event) {
      try {
        await sink([event]);
        return true;
      } catch (error) {
        lost(1, error);
        // Only a request that has not done anything yet can be refused.
        return !(strict && event.stage === 'RequestReceived');
      }
    },
    close: async () => undefined,
  };
}

/**
 * Mode `batch`: events wait, and are handed on many at a time; requests do not wait for that. `lost` is told of events that the sink did not take,
 * `overflowed` of those there was no room for.
 */
export function batched(sink: Sink, options: BatchOptions, lost: Lost, overflowed: Lost = lost): AuditBackend {
  const { bufferSize, maxBatchSize, maxWait, atOnce = 1, throttle } = options;
  const limit = throttle && new TokenBucket(throttle.qps, throttle.burst);
  const waiting: AuditEvent[] = [];
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  let wake = () => {};
  const underWay = new Set<Promise<void>>();

  async function send(batch: readonly AuditEvent[]): Promise<void> {
    try {
      await sink(batch);
    } catch (error) {
      lost(batch.length, error);
    }
  }

  async function handOn(): Promise<void> {
    while (waiting.length > 0) {
      if (waiting.length < maxBatchSize && maxWait > 0 && !stop.signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, maxWait);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      if (!stop.signal.aborted) await limit?.wait(stop.signal).catch(() => undefined); // the end does not wait its turn
      const sending: Promise<void> = send(waiting.splice(0, maxBatchSize)).finally(() => underWay.delete(sending));
      underWay.add(sending);
      if (underWay.size >= atOnce) await Promise.race(underWay);
    }
    running = undefined;
  }

  return {
    process(event) {
      if (waiting.length >= bufferSize || stop.signal.aborted) {
        overflowed(1, new Error(stop.signal.aborted ? 'audit buffer shut down' : 'audit buffer queue blocked'));
        return true;
      }
      waiting.push(event);
      running ??= handOn();
      if (waiting.length >= maxBatchSize) wake();
      return true;
    },
    async close() {
      stop.abort();
      wake();
      await running;
      await Promise.all(underWay);
    },
  };
}
