import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { type RequestOptions as SecureOptions, request as secureRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { internalError, serviceUnavailable } from '@coracle/api/meta/status';
import { dialMessage } from '@coracle/client/http1';
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
  /** Further headers, name and value in turn; they replace what the client sent. */
  readonly headers?: readonly string[];
  /** The Location to answer with, of the target's; as it is by default. */
  location?(location: string): string;
}

/**
 * Lets a target answer a request: method, headers, body and answer pass as they are, an upgrade with all bytes that follow it; redirects are for the
 * client to follow. Throws ServiceUnavailable when the target cannot be reached, an InternalError when that was for an upgrade.
 */
export async function forward(context: RequestContext, target: ProxyTarget): Promise<void> {
  if (context.upgrade) {
    await passAnswerThrough(context, await upgrade(context, target));
    return;
  }
  const response = await exchange(context, target);
  await answer(context, response, target);
}

async function answer(
  { res, signal }: RequestContext,
  response: IncomingMessage,
  { location }: ProxyTarget,
): Promise<void> {
  const headers = endToEnd(response);
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!];
    res.appendHeader(name, name.toLowerCase() === 'location' && location ? location(value) : value);
  }
  res.writeHead(response.statusCode ?? 502);
  res.flushHeaders();
  try {
    await pipeline(response, res, { signal });
  } catch (error) {
    response.destroy();
    // Half an answer is out: all that is left is to show the client that it is no whole one.
    if (!signal.aborted) res.destroy(error as Error);
  }
}

function exchange(context: RequestContext, target: ProxyTarget): Promise<IncomingMessage> {
  const { req, signal } = context;
  return new Promise((resolve, reject) => {
    const headers = merged(forwarded(req), target);
    const isSized = req.headers['content-length'] !== undefined;
    const hasBody = bodyFollows(req);
    if (hasBody && !isSized) headers.push('Transfer-Encoding', 'chunked');
    const outgoing = send(context, target, headers, { signal });
    outgoing.once('response', resolve);
    outgoing.once('error', (error) => {
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
  return askUpgrade(outgoing, context.signal, (error) =>
    internalError(new Error(`error dialing backend: ${dialMessage(urlOf(target), error)}`)),
  );
}

function send({ req }: RequestContext, target: ProxyTarget, headers: string[], more: RequestOptions) {
  const { secure, host, port, tls = {}, authority = authorityOf(target) } = target;
  // HTTP/2 lets pass what no HTTP/1.1 path may have.
  const path = target.path.replace(/[^\u0021-\u00ff]/g, encodeURIComponent);
  const options = {
    ...more,
    host,
    port,
    path,
    method: req.method,
    headers: ['Host', authority, ...headers],
    agent: false,
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
