import { messageOf } from '@coracle/api/meta/message-of';
import { badRequest, timeoutError } from '@coracle/api/meta/status';
import { parseDuration } from '@coracle/api/meta/time';
import { within } from '../within.ts';
import type { Link, RequestContext } from './link.ts';

/**
 * Ends requests that take too long with 504. The limit is upstream's --request-timeout, or the request's `timeout` parameter where
 * that is shorter; watches and other long-running requests have none. What the request was doing may still complete. `late` is told of each.
 */
export function deadline(
  limit: number,
  isLongRunning: (context: RequestContext) => boolean,
  late: (context: RequestContext) => void,
): Link {
  return async (context, next) => {
    if (isLongRunning(context)) return next();
    const time = Math.min(limit, requested(context.query) ?? limit);
    context.deadline = context.receivedAt + time;
    await within(time, next(), () => {
      late(context);
      // A body that has not come yet is not waited for.
      if (!context.req.complete) context.res.shouldKeepAlive = false;
      return timeoutError('request did not complete within requested timeout - context deadline exceeded');
    });
  };
}

function requested(query: URLSearchParams): number | undefined {
  const text = query.get('timeout');
  if (text === null || text === '') return undefined;
  let time: number;
  try {
    time = parseDuration(text);
  } catch (error) {
    throw badRequest(`invalid timeout specified in the request URL - ${messageOf(error)}`);
  }
  return time > 0 ? time : undefined;
}
