import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { decodeJson, encodeJson } from '@coracle/api/codec/json';
import { formatYaml } from '@coracle/api/codec/yaml';
import type { StatusError } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';
import { type Form, negotiate } from './negotiation.ts';

/** Bodies above this are compressed for clients that accept it, as upstream's are. */
export const compressionThreshold = 128 << 10;

const zip = promisify(gzip);

/** Sends a JSON body in the negotiated media type; compresses large ones. */
export async function sendJson(
  context: RequestContext,
  code: number,
  body: Buffer,
  media: Form['media'] = 'application/json',
): Promise<void> {
  const bytes = media === 'application/yaml' ? Buffer.from(formatYaml(decodeJson(body).value)) : body;
  await send(context, code, media, bytes);
}

/** Sends any value as JSON, or as YAML where the client asked for that. */
export async function sendValue(context: RequestContext, code: number, value: unknown): Promise<void> {
  const { media } = negotiate(context.req.headers.accept, false);
  await sendJson(context, code, Buffer.from(`${encodeJson(value)}\n`), media);
}

/** Sends an error; errors go out as JSON whatever the client accepts, except YAML where it asked for that alone. */
export async function sendStatus(context: RequestContext, error: StatusError): Promise<void> {
  const { res } = context;
  const { status } = error;
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter) res.setHeader('Retry-After', String(retryAfter));
  await send(context, error.code, 'application/json', Buffer.from(`${encodeJson(status)}\n`));
}

/** Sends an error of the server's own as plain text: what upstream does where a request cannot be decided about. */
export async function sendPlainError(context: RequestContext, message: string): Promise<void> {
  const { res, req } = context;
  res.setHeader('X-Content-Type-Options', 'nosniff');
  const text = `Internal Server Error: ${JSON.stringify(req.url ?? '')}: ${message}\n`;
  await send(context, 500, 'text/plain; charset=utf-8', Buffer.from(text));
}

/** Sends bytes as they are; compressed where they are many and the client accepts that. */
export async function send(context: RequestContext, code: number, contentType: string, bytes: Buffer): Promise<void> {
  const { res, req } = context;
  if (isAnswered(context)) return;
  let body = bytes;
  if (bytes.length > compressionThreshold && acceptsGzip(req.headers['accept-encoding'])) {
    body = await zip(bytes, { level: 1 });
    if (isAnswered(context)) return;
    res.setHeader('Content-Encoding', 'gzip');
    res.setHeader('Vary', 'Accept-Encoding');
  }
  writeHead(context, code, { 'Content-Type': contentType, 'Content-Length': String(body.length) });
  if (req.method === 'HEAD') res.end();
  else res.end(body);
}

/** Whether the answer came too late: the request's deadline has answered it, or the client is gone. */
function isAnswered({ res }: RequestContext): boolean {
  return res.headersSent || res.destroyed;
}

/** Writes the response's head with the warnings that came up. */
export function writeHead(context: RequestContext, code: number, headers: Record<string, string>): void {
  const { res } = context;
  context.signal.throwIfAborted();
  if (context.warnings.length > 0) {
    const unique = [...new Set(context.warnings)];
    res.setHeader(
      'Warning',
      unique.map((text) => `299 - ${quoted(text)}`),
    );
  }
  res.writeHead(code, headers);
}

/** An HTTP quoted string; control characters, which no header can carry, become spaces, and other non-Latin-1 text is escaped. */
function quoted(text: string): string {
  const plain = text.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/[\\"]/g, '\\$&');
  return `"${Buffer.from(plain).toString('latin1')}"`;
}

export function acceptsGzip(header: string | string[] | undefined): boolean {
  return header !== undefined && /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(String(header));
}
