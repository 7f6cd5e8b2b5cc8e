import { serviceUnavailable, timeoutError } from '@coracle/api/meta/status';
import { StoreUnavailableError } from './store.ts';

/** A store's failure as clients are told of it: 504 when it took too long, 503 when it is not there. Other errors are left as they are. */
export function storeFailure(error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error;
  return error.timedOut
    ? timeoutError('request did not complete within the time the storage allows', 1)
    : serviceUnavailable(`storage is not available: ${error.message}`);
}
