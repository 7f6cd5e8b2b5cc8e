import type { Store } from './storage/store.ts';
import { CompactedError } from './storage/store.ts';

/** Told when a compaction failed; the next one makes up for it. */
export type CompactionLog = (error: unknown) => void;

/**
 * Has the store forget its history, every `interval` milliseconds up to where it was one interval before, so that clients can
 * always resume from an interval ago. Stops when the signal aborts. Several servers on one store do no harm to each other.
 */
export function compactRegularly(store: Store, interval: number, signal: AbortSignal, failed: CompactionLog): void {
  let before: number | undefined;
  const compact = async (): Promise<void> => {
    try {
      const now = await store.revision();
      if (before !== undefined && before > 0) await store.compact(before);
      before = now;
    } catch (error) {
      if (!(error instanceof CompactedError)) failed(error); // another server was here first
    }
  };
  const timer = setInterval(compact, interval);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
