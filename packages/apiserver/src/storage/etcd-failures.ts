import { CompactedError, FutureRevisionError, StoreUnavailableError } from './store.ts';

/** etcd's errors in the store's terms. */
export function translated(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('has been compacted')) return new CompactedError();
  if (message.includes('future revision')) return new FutureRevisionError();
  if (/DEADLINE_EXCEEDED|request timed out/i.test(message))
    return new StoreUnavailableError(message, { timedOut: true });
  if (unsent.test(message)) return new StoreUnavailableError(message, { unsent: true });
  if (unavailable.test(message)) return new StoreUnavailableError(message);
  return error instanceof Error ? error : new Error(message);
}

/** No connection stood, or the member refused before it did anything. */
const unsent = /No connection established|ECONNREFUSED|Name resolution failed|auth store is old|too many requests/i;

const unavailable =
  /UNAVAILABLE|CANCELLED|no leader|leader changed|not ready|server stopped|raft: stopped|channel.*closed|Connection dropped/i;

/** The lease of an entry is not there any more: it expired before it was used, or the store was restored. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof Error && error.message.includes('requested lease not found');
}
