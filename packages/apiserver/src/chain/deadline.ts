import { messageOf } from '@coracle/api/meta/message-of';
import { badRequest, timeoutError } from '@coracle/api/meta/status';
import { parseDuration } from '@coracle/api/meta/time';
import { breakOff } from '../wire.ts';
import type { Link, RequestContext } from './link.ts';

/** What a write of an object may take from when its turn has come, in milliseconds. */
const longestWrite = 34_000;
const writes = new Set(['create', 'update', 'patch', 'delete']);

/**
 * Ends requests that take too long with 504. The limit is upstream's --request-timeout, or the request's `timeout` parameter where
 * that is shorter; watches and other long-running requests have none. What the request was doing may still complete. `late` is told of each.
 * Answers that clients have not taken by then are broken off: they take up room.
 */
export function deadline(
  limit: number,
  isLongRunning: (context: RequestContext) => boolean,
  late: (context: RequestContext) => void,
): Link {
  return async (context, next) => {
    if (isLongRunning(context)) return next();
    const time = Math.min(limit, requested(context.query) ?? limit);
    const end = context.receivedAt + time;
    context.deadline = end;
    if (await isOver(next(), Math.min(time, longestWrite), context, end, late)) return;
    late(context);
    // A body that has not come yet is not waited for.
    if (!context.req.complete) context.res.shouldKeepAlive = false;
    if (context.res.headersSent || context.deadline < end) {
      throw timeoutError('request did not complete within requested timeout - context deadline exceeded');
    }
    answerLate(context);
  };
}

/** A write of an object begins: whatever time its request has, it is to be done soon. */
export function limitWrite(context: RequestContext): void {
  const { deadline: end, info } = context;
  if (end !== undefined && writes.has(info.verb)) context.deadline = Math.min(end, Date.now() + longestWrite);
}

/** What fails within so many milliseconds of the end of its time fails because of that: those it waited for have the same time. */
const lastMoment = 5;

/**
 * Whether the work of a request is over by its deadline, looked at after `first` milliseconds, as it may move on until then. Goes on looking until
 * the answer is with the client, or breaks it off at the `end` of its time.
 */
function isOver(
  work: Promise<void>,
  first: number,
  context: RequestContext,
  end: number,
  late: (context: RequestContext) => void,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const look = () => {
      const left = (isDone ? end : (context.deadline ?? end)) - Date.now();
      if (left > 0) context.timer = setTimeout(look, left);
      else if (!isDone) resolve(false);
      else {
        late(context);
        breakOff(context.res);
      }
    };
    context.timer = setTimeout(look, first);
    work.then(
      () => {
        isDone = true;
        if (context.res.closed) clearTimeout(context.timer);
        resolve(true);
      },
      (error: unknown) => {
        clearTimeout(context.timer);
        if ((context.deadline ?? end) - Date.now() > lastMoment) reject(error);
        else resolve(false);
      },
    );
  });
}

/** Headers that were there before the work began; what it is warned of is not told either. */
const outer = new Set(['audit-id', 'cache-control', 'strict-transport-security']);

/** What upstream says for a request whose time is over while nothing has been said: a Status that does not say so, as text. */
function answerLate({ req, res }: RequestContext): void {
  if (res.destroyed) return;
  for (const name of res.getHeaderNames()) if (!outer.has(name)) res.removeHeader(name);
  const { metadata, status, message, reason, details, code } = timeoutError(
    'request did not complete within the allotted timeout',
  ).status;
  const text = `${JSON.stringify({ metadata, status, message, reason, details, code })}\n`;
  res.writeHead(504, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(text.length) });
  res.end(req.method === 'HEAD' ? undefined : text);
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
