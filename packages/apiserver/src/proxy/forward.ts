import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { type RequestOptions as SecureOptions, request as secureRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { plainFailure, serviceUnavailable } from '@coracle/api/meta/status';
import { request as plainRequest } from '@coracle/client/plain-http';
import type { RequestContext } from '../chain/link.ts';
import { send as sendText } from '../endpoints/response.ts';
import { askUpgrade, authorityOf, type UpgradeAnswer } from '../streaming/ask-upgrade.ts';
import { Attempt } from '../streaming/attempt.ts';
import { passAnswerThrough } from '../streaming/upgrade.ts';
import { endToEnd, forwarded, forwardedUpgrade, isSingle } from './headers.ts';

/** Where a request is proxied to. */
export interface ProxyTarget {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Path with query, as sent. */
  readonly path: string;
  /** What the target is called in the Host header; its address by default. */
  readonly authority?: string;
  /** Certificates and their check, where it is secure. */
  readonly tls?: SecureOptions;
  /** Keeps connections for requests that only read; each request has one of its own without it. */
  readonly agent?: Agent;
  /** Further headers, name and value in turn; they replace what the client sent. */
  readonly headers?: readonly string[];
  /** Such that requests to upgrade do not have. */
  readonly ways?: readonly string[];
  /** Milliseconds until the answer must be there as a whole; without it, it may take as long as it takes. */
  readonly patience?: number;
  /** The Location to answer with, of the target's; as it is by default. */
  location?(location: string): string;
  /** Whether redirects are errors and do not reach the client. */
  readonly refusesRedirects?: boolean;
}

const noRedirects = 'the backend attempted to redirect this request, which is not permitted';

/**
 * Lets a target answer a request: method, headers, body and answer pass as they are, an upgrade with all bytes that follow it; redirects are for the
 * client to follow, unless the target's are refused. Throws ServiceUnavailable when the target cannot be reached, and errors without a reason for
 * upgrades.
 */
export async function forward(context: RequestContext, target: ProxyTarget): Promise<void> {
  if (context.upgrade) {
    await passAnswerThrough(context, await upgrade(context, target));
    return;
  }
  const late = target.patience === undefined ? undefined : AbortSignal.timeout(target.patience);
  const response = await exchange(context, target, late);
  await answer(context, response, target, late);
}

async function answer(
  context: RequestContext,
  response: IncomingMessage,
  { location, refusesRedirects }: ProxyTarget,
  late: AbortSignal | undefined,
): Promise<void> {
  const { req, res, signal } = context;
  const code = response.statusCode ?? 502;
  // The request's time was over, and the client was told.
  if (res.headersSent) {
    response.destroy();
    return;
  }
  if (refusesRedirects && code >= 300 && code < 400 && response.headers.location !== undefined) {
    response.destroy();
    await sendText(context, 502, 'text/plain; charset=utf-8', Buffer.from(noRedirects));
    return;
  }
  const headers = endToEnd(response);
  const hasBody = code !== 204 && code !== 304;
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!];
    if (!hasBody && /^content-length$/i.test(name)) continue;
    // What this server says stands beside what the target says, but for what is said once.
    const said = /^location$/i.test(name) && location ? location(value) : value;
    if (isSingle(name)) res.setHeader(name, said);
    else res.appendHeader(name, said);
  }
  const { trailer, 'content-length': length } = response.headers;
  const mayTrail = hasBody && length === undefined && req.method !== 'HEAD' && req.httpVersion !== '1.0';
  if (trailer !== undefined && mayTrail) res.setHeader('Trailer', trailer);
  res.writeHead(code);
  res.flushHeaders();
  try {
    await pipeline(response, res, { signal: late ? AbortSignal.any([signal, late]) : signal, end: false });
    if (mayTrail) res.addTrailers(trailersOf(response));
    res.end();
  } catch (error) {
    response.destroy();
    // Half an answer is out: all that is left is to show the client that it is no whole one.
    if (!signal.aborted) res.destroy(error as Error);
  }
}

function trailersOf({ rawTrailers }: IncomingMessage): Record<string, string> {
  const names = rawTrailers.filter((_, i) => i % 2 === 0);
  return Object.fromEntries(names.map((name, i) => [name, rawTrailers[2 * i + 1]!]));
}

function exchange(
  context: RequestContext,
  target: ProxyTarget,
  late: AbortSignal | undefined,
  isRetry = false,
): Promise<IncomingMessage> {
  const { req, res, signal } = context;
  const method = req.method ?? '';
  return new Promise((resolve, reject) => {
    const headers = merged(forwarded(req), [...(target.headers ?? []), ...(target.ways ?? [])]);
    const hasBody = bodyFollows(req);
    if (req.headers['content-length'] === undefined) {
      if (hasBody) headers.push('Transfer-Encoding', 'chunked');
      else if (['POST', 'PUT', 'PATCH'].includes(method)) headers.push('Content-Length', '0');
    }
    const reads = !hasBody && ['GET', 'HEAD'].includes(method);
    const outgoing = send(context, target, headers, {
      signal: late ? AbortSignal.any([signal, late]) : signal,
      ...(reads && target.agent ? { agent: target.agent } : {}),
    });
    const attempt = new Attempt(outgoing, target);
    outgoing.once('response', resolve);
    outgoing.on('information', ({ statusCode, headers }) => {
      if (req.httpVersion !== '1.0' && !res.headersSent) res.writeInformation(statusCode, headers);
    });
    outgoing.once('upgrade', ({ headers }: IncomingMessage, socket: Duplex) => {
      socket.destroy();
      const { upgrade = '' } = headers;
      reject(plainFailure(`backend tried to switch protocol ${JSON.stringify(upgrade)} when "" was requested`));
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the target closed meanwhile.
      const isUnseen = outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
      if (isUnseen && !isRetry && !signal.aborted) return resolve(exchange(context, target, late, true));
      const why = late?.aborted ? 'context deadline exceeded' : attempt.unanswered(error);
      reject(signal.aborted ? signal.reason : serviceUnavailable(`error trying to reach service: ${why}`));
    });
    if (hasBody) {
      // A failure of either side shows on `outgoing`, which is destroyed by it.
      pipeline(req, outgoing).catch(() => undefined);
    } else outgoing.end();
  });
}

function bodyFollows(req: IncomingMessage): boolean {
  const length = req.headers['content-length'];
  if (length !== undefined) return length !== '0';
  if (req.httpVersionMajor < 2) return req.headers['transfer-encoding'] !== undefined;
  return !(req as unknown as { stream: { endAfterHeaders: boolean } }).stream.endAfterHeaders;
}

function upgrade(context: RequestContext, target: ProxyTarget): Promise<UpgradeAnswer> {
  const outgoing = send(context, target, merged(forwardedUpgrade(context.req), target.headers ?? []), {});
  const attempt = new Attempt(outgoing, target);
  return askUpgrade(outgoing, context.signal, (error) => plainFailure(attempt.notUpgraded(error)));
}

function send({ req }: RequestContext, target: ProxyTarget, headers: string[], more: RequestOptions): ClientRequest {
  const { secure, host, port, path, tls = {}, authority = authorityOf(target) } = target;
  const options = {
    agent: false as const,
    ...more,
    host,
    port,
    path,
    method: req.method,
    headers: ['Host', authority, ...headers],
  };
  return secure ? secureRequest({ ...options, ...tls }) : plainRequest(options);
}

/** Headers of which `own` replace others. */
function merged(headers: readonly string[], own: readonly string[]): string[] {
  const names = new Set<string>();
  for (let i = 0; i < own.length; i += 2) names.add(own[i]!.toLowerCase());
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!names.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  return [...kept, ...own];
}
