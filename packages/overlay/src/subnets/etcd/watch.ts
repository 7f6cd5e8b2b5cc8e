import { type EtcdMembers, prefixEnd } from '@coracle/etcd';

/** A change of one key; without a value it was deleted. */
export interface KeyChange {
  key: string;
  value: Buffer | undefined;
  lease: bigint;
}

/**
 * Tells of the changes below a prefix, from a revision on, until the watch ends: the connection is lost, the revision is compacted,
 * `forMs` have passed, or the signal aborts. What happened afterwards only a list tells.
 */
export function watchPrefix(
  etcd: EtcdMembers,
  prefix: string,
  from: number,
  forMs: number,
  changed: (changes: KeyChange[]) => void,
  signal: AbortSignal,
): Promise<{ lost: Error | undefined }> {
  return new Promise((resolve) => {
    const member = etcd.current;
    const end = (lost?: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      stopListening();
      watch.cancel();
      resolve({ lost });
    };
    const onAbort = (): void => end();
    const timer = setTimeout(end, forMs);
    signal.addEventListener('abort', onAbort, { once: true });
    const stopListening = etcd.onTurn(member, () => end(new Error('the member does not answer')));
    const watch = member.watch(
      { key: Buffer.from(prefix), rangeEnd: prefixEnd(prefix), startRevision: from },
      {
        answer({ canceled, cancelReason, compactRevision, events }) {
          if (canceled) end(new Error(`the watch was canceled: ${cancelReason || `compacted to ${compactRevision}`}`));
          else if (events.length > 0) {
            changed(
              events.map(({ type, kv }) => ({
                key: kv.key.toString(),
                value: type === 'put' ? kv.value : undefined,
                lease: kv.lease,
              })),
            );
          }
        },
        ended(error) {
          end(error ?? new Error('the watch stream ended'));
          etcd.turnFrom(member);
        },
      },
    );
    if (signal.aborted) end();
  });
}
