import type { Etcd3, IWatchResponse } from 'etcd3';
import { endOf } from './connection.ts';

/** A change of one key; without a value it was deleted. */
export interface KeyChange {
  key: string;
  value: Buffer | undefined;
  lease: string;
}

/**
 * Tells of the changes below a prefix, from a revision on, until the watch ends: the connection is lost, the revision is compacted,
 * `forMs` have passed, or the signal aborts. What happened afterwards only a list tells.
 */
export function watchPrefix(
  etcd: Etcd3,
  prefix: string,
  from: number,
  forMs: number,
  changed: (changes: KeyChange[]) => void,
  signal: AbortSignal,
): Promise<{ lost: Error | undefined }> {
  return new Promise((resolve) => {
    const watcher = etcd
      .watch()
      .inRange({ start: Buffer.from(prefix), end: endOf(prefix) })
      .startRevision(String(from))
      .watcher();
    const end = (lost?: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      watcher.removeAllListeners('data');
      // Its stream may be gone already; there is nothing to take back then.
      watcher.cancel().catch(() => undefined);
      resolve({ lost });
    };
    const onAbort = (): void => end();
    const timer = setTimeout(end, forMs);
    signal.addEventListener('abort', onAbort, { once: true });
    watcher.on('data', ({ events }: IWatchResponse) => {
      if (events.length === 0) return; // only tells how far it is
      changed(
        events.map(({ type, kv }) => ({
          key: kv.key.toString(),
          value: type === 'Put' ? kv.value : undefined,
          lease: String(kv.lease),
        })),
      );
    });
    watcher.on('error', (error: Error) => end(error));
    watcher.on('disconnected', (error: Error) => end(error ?? new Error('the watch stream ended')));
    if (signal.aborted) end();
  });
}
