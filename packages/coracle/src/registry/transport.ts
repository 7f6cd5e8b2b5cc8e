import { createReadStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { request as plainRequest } from '@coracle/client/plain-http';

/** What is sent: bytes, or a file of a known size, which is read as it goes. */
export type Content = Buffer | { file: string; size: number };

export interface Request {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  headers?: Record<string, string>;
  content?: Content;
}

export interface TransportOptions {
  /** The certificates (PEM) a server's must be signed by, instead of those the world trusts. */
  authorities?: string;
  /** How long a server may be silent, in milliseconds. */
  silence?: number;
}

const mostRedirects = 5;

/** A connection that failed, or was cut, before the answer was whole. */
export class TransportError extends Error {
  override name = 'TransportError';
}

/**
 * Sends one request and resolves to the answer, its body still to be read. GET and HEAD follow redirects, to other servers without the
 * Authorization header, and never from https to http. Rejects with TransportError when there is no answer.
 */
export async function send(url: URL, request: Request, options: TransportOptions = {}): Promise<IncomingMessage> {
  let at = url;
  let headers = request.headers ?? {};
  for (let redirects = 0; ; redirects++) {
    const answer = await sendOnce(at, { ...request, headers }, options);
    const { statusCode = 0, headers: got } = answer;
    const follow =
      (request.method === 'GET' || request.method === 'HEAD') && [301, 302, 303, 307, 308].includes(statusCode);
    if (!follow || got.location === undefined) return answer;
    answer.resume();
    if (redirects === mostRedirects) throw new TransportError(`${url} redirects more than ${mostRedirects} times`);
    const next = new URL(got.location, at);
    if (at.protocol === 'https:' && next.protocol !== 'https:') {
      throw new TransportError(`${at} redirects to ${next.origin}, which is not encrypted`);
    }
    if (next.origin !== at.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
    }
    at = next;
  }
}

function sendOnce(
  url: URL,
  { method, headers, content }: Request,
  options: TransportOptions,
): Promise<IncomingMessage> {
  const size = content === undefined ? undefined : Buffer.isBuffer(content) ? content.length : content.size;
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const sent = make(url, {
      method,
      ...(options.authorities === undefined ? {} : { ca: options.authorities }),
      headers: { 'User-Agent': 'coracle', ...headers, ...(size === undefined ? {} : { 'Content-Length': size }) },
    });
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(new TransportError(`${url.origin}: ${error.message || error.code}`, { cause: error }));
    sent.setTimeout(options.silence ?? 60_000, () => sent.destroy(new Error('no answer in time')));
    sent.once('response', resolve);
    sent.once('error', refuse);
    if (content === undefined || Buffer.isBuffer(content)) sent.end(content);
    else {
      createReadStream(content.file)
        .once('error', (error) => sent.destroy(error))
        .pipe(sent);
    }
  });
}

/** The whole body of an answer. Rejects with TransportError when it is longer than `most` bytes, or cut. */
export async function wholeBody(answer: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > most) throw new TransportError(`the answer is longer than ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError(`the answer was cut: ${(error as Error).message}`, { cause: error });
  }
  return Buffer.concat(chunks);
}
