import { requestEntityTooLarge } from '@coracle/api/meta/status';
import { EtcdError } from '@coracle/etcd';
import { CompactedError, FutureRevisionError, StoreUnavailableError } from './store.ts';

/** etcd's errors in the store's terms. */
export function translated(error: unknown): Error {
  if (!(error instanceof EtcdError)) return error instanceof Error ? error : new Error(String(error));
  const { message, details, timedOut, unsent } = error;
  if (message.includes('has been compacted')) return new CompactedError();
  if (message.includes('future revision')) return new FutureRevisionError();
  if (/request is too large|message larger than max/.test(details)) return requestEntityTooLarge(details);
  return error.isUnavailable ? new StoreUnavailableError(message, { timedOut, unsent }) : error;
}

/** The lease of an entry is not there any more: it expired before it was used, or the store was restored. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof Error && error.message.includes('requested lease not found');
}
