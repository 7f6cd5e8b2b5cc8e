import { badRequest, internalError, StatusError } from '@coracle/api/meta/status';
import { sendStatus } from '../endpoints/response.ts';
import { storeFailure } from '../storage/failures.ts';
import { breakOff } from '../wire.ts';
import type { Link, RequestContext } from './link.ts';

/**
 * The outermost link: turns what was thrown into the response. StatusErrors are for the client; anything else is a bug, is told to
 * `report`, and shows as an internal error, unless it is that what the client sent nests deeper than the stack is.
 */
export function recovery(report: (error: unknown, context: RequestContext) => void): Link {
  return async (context, next) => {
    try {
      await next();
    } catch (thrown) {
      if (context.signal.aborted && thrown === context.signal.reason && !(thrown instanceof StatusError)) {
        context.res.destroy(); // the client is gone; there is nobody to tell
        return;
      }
      const failure = storeFailure(thrown, context.req.method === 'GET');
      const error = isTooDeep(failure, context) ? badRequest('the object is nested too deeply') : failure;
      if (!(error instanceof StatusError)) report(error, context);
      const { res } = context;
      if (res.headersSent) {
        breakOff(res); // the answer cannot be taken back
        return;
      }
      await sendStatus(context, error instanceof StatusError ? error : internalError(error));
    }
  };
}

const isTooDeep = (error: unknown, { received = 0 }: RequestContext): boolean =>
  received > 0 && error instanceof RangeError && error.message === 'Maximum call stack size exceeded';
