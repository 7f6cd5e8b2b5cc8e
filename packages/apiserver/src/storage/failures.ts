import { serviceUnavailable, timeoutError } from '@coracle/api/meta/status';
import { StoreUnavailableError } from './store.ts';

/**
 * A store's failure as clients are told of it: 504 when it took too long, 503 when it is not there. Other errors are left as they are. Only what
 * `mayRepeat`, a read, comes with the time after which clients try again by themselves: a write may have happened.
 */
export function storeFailure(error: unknown, mayRepeat = false): unknown {
  if (!(error instanceof StoreUnavailableError)) return error;
  return error.timedOut
    ? timeoutError('request did not complete within the time the storage allows', mayRepeat ? 1 : 0)
    : serviceUnavailable(`storage is not available: ${error.message}`);
}
