import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { type RequestOptions as SecureOptions, request as secureRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { internalError, StatusError, serviceUnavailable } from '@coracle/api/meta/status';
import { dialMessage } from '@coracle/client/http1';
import { request as plainRequest } from '@coracle/client/plain-http';
import type { RequestContext } from '../chain/link.ts';
import { askUpgrade, authorityOf, type UpgradeAnswer } from '../streaming/ask-upgrade.ts';
import { passAnswerThrough } from '../streaming/upgrade.ts';
import { endToEnd, forwarded, forwardedUpgrade } from './headers.ts';

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
  /** The Location to answer with, of the target's; as it is by default. */
  location?(location: string): string;
  /** Whether redirects, and what is no upgrade where one was asked for, are errors and do not reach the client. */
  readonly strict?: boolean;
  /** The error where the target cannot be reached for an upgrade; an InternalError by default. */
  dialFailure?(why: string): Error;
}

const noRedirects = 'the backend attempted to redirect this request, which is not permitted';

/**
 * Lets a target answer a request: method, headers, body and answer pass as they are, an upgrade with all bytes that follow it; redirects are for the
 * client to follow, but for a strict target. Throws ServiceUnavailable when the target cannot be reached, an InternalError when that was for an
 * upgrade.
 */
export async function forward(context: RequestContext, target: ProxyTarget): Promise<void> {
  if (context.upgrade) {
    const upgraded = await upgrade(context, target);
    const code = upgraded.response.statusCode ?? 0;
    if (target.strict && !upgraded.socket && code < 400) {
      upgraded.response.destroy();
      throw serviceUnavailable(`invalid upgrade response: status code ${code}`);
    }
    await passAnswerThrough(context, upgraded);
    return;
  }
  const response = await exchange(context, target);
  await answer(context, response, target);
}

async function answer(
  { res, signal }: RequestContext,
  response: IncomingMessage,
  { location, strict }: ProxyTarget,
): Promise<void> {
  const code = response.statusCode ?? 502;
  if (strict && code >= 300 && code < 400 && response.headers.location !== undefined) {
    response.destroy();
    throw new StatusError({ code: 502, reason: '', message: noRedirects });
  }
  // The request's time was over, and the client was told.
  if (res.headersSent) {
    response.destroy();
    return;
  }
  const headers = endToEnd(response);
  // The target knows better than the server what its answer is; whose request it is remains the server's to say.
  for (let i = 0; i < headers.length; i += 2) if (!isAuditId(headers[i]!)) res.removeHeader(headers[i]!);
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!];
    if (isAuditId(name)) continue;
    res.appendHeader(name, name.toLowerCase() === 'location' && location ? location(value) : value);
  }
  res.writeHead(code);
  res.flushHeaders();
  try {
    await pipeline(response, res, { signal });
  } catch (error) {
    response.destroy();
    // Half an answer is out: all that is left is to show the client that it is no whole one.
    if (!signal.aborted) res.destroy(error as Error);
  }
}

const isAuditId = (name: string): boolean => name.toLowerCase() === 'audit-id';

function exchange(context: RequestContext, target: ProxyTarget, isRetry = false): Promise<IncomingMessage> {
  const { req, signal } = context;
  return new Promise((resolve, reject) => {
    const headers = merged(forwarded(req), target);
    const isSized = req.headers['content-length'] !== undefined;
    const hasBody = bodyFollows(req);
    if (hasBody && !isSized) headers.push('Transfer-Encoding', 'chunked');
    const reads = !hasBody && ['GET', 'HEAD'].includes(req.method ?? '');
    const outgoing = send(context, target, headers, {
      signal,
      ...(reads && target.agent ? { agent: target.agent } : {}),
    });
    outgoing.once('response', resolve);
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the target closed meanwhile.
      const isUnseen = outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
      if (isUnseen && !isRetry && !signal.aborted) return resolve(exchange(context, target, true));
      const why = dialMessage(urlOf(target), error);
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
  const outgoing = send(context, target, merged(forwardedUpgrade(context.req), target), {});
  return askUpgrade(outgoing, context.signal, (error) => {
    const why = `error dialing backend: ${dialMessage(urlOf(target), error)}`;
    return target.dialFailure?.(why) ?? internalError(new Error(why));
  });
}

function send({ req }: RequestContext, target: ProxyTarget, headers: string[], more: RequestOptions) {
  const { secure, host, port, tls = {}, authority = authorityOf(target) } = target;
  // HTTP/2 lets pass what no HTTP/1.1 path may have.
  const path = target.path.replace(/[^\u0021-\u00ff]/g, encodeURIComponent);
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

function merged(headers: readonly string[], { headers: own = [] }: ProxyTarget): string[] {
  const names = new Set<string>();
  for (let i = 0; i < own.length; i += 2) names.add(own[i]!.toLowerCase());
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!names.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  return [...kept, ...own];
}

function urlOf(target: ProxyTarget): URL {
  return new URL(`${target.secure ? 'https' : 'http'}://${authorityOf(target)}`);
}
