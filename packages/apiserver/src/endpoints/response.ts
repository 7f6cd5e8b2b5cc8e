import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { decodeJson, encodeJson } from '@coracle/api/codec/json';
import { indentJson } from '@coracle/api/codec/json-indent';
import { encodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import { formatYaml } from '@coracle/api/codec/yaml';
import { readBool } from '@coracle/api/meta/parse-bool';
import { notAcceptable, StatusError } from '@coracle/api/meta/status';
import { typeNamed } from '@coracle/api/schema';
import type { Status } from '@coracle/api/types/meta/v1';
import type { RequestContext } from '../chain/link.ts';
import { type Media, negotiate, textTypes } from './negotiation.ts';
import { PlainError } from './plain-error.ts';

/** Bodies above this are compressed for clients that accept it, as upstream's are. */
export const compressionThreshold = 128 << 10;

const newline = 0x0a;
const lineEnd = Buffer.from('\n');

const zip = promisify(gzip);

/**
 * Sends a body that is JSON, or protobuf where that was negotiated; JSON goes out as YAML or indented where it was asked for. `type` is what the answer
 * calls it, where that says more than the media type.
 */
export async function sendBody(
  context: RequestContext,
  code: number,
  body: Buffer,
  media: Media,
  type: string = media,
): Promise<void> {
  const begun = performance.now();
  let bytes = body;
  if (media === 'application/yaml') bytes = Buffer.from(formatYaml(decodeJson(body).value));
  else if (media === 'application/json') {
    // JSON is a line, unless it is indented.
    if (isPretty(context)) bytes = Buffer.from(indentJson(body.toString()));
    else if (body.at(-1) !== newline) bytes = Buffer.concat([body, lineEnd]);
  }
  context.latencies.add('serialize-response-object', performance.now() - begun);
  await send(context, code, type, bytes);
}

/** Sends any API object in the media type the client asked for. */
export async function sendValue(context: RequestContext, code: number, value: object): Promise<void> {
  const { media } = negotiate(context.req.headers.accept);
  await sendIn(context, code, value, media);
}

/** Sends a page that is JSON whatever the client accepts. */
export async function sendJson(context: RequestContext, code: number, value: unknown): Promise<void> {
  await send(context, code, 'application/json', Buffer.from(`${encodeJson(value)}\n`));
}

/** Sends an object of a version and kind that were negotiated for a page; `type` names them beside the media type. */
export const sendStructured = (context: RequestContext, value: object, media: Media, type: string): Promise<void> =>
  sendBody(context, 200, Buffer.from(encodeJson(value)), media, type);

/** Sends a page that is indented JSON whatever the client accepts, and whoever it is. */
export async function sendIndented(context: RequestContext, code: number, value: unknown): Promise<void> {
  await send(context, code, 'application/json', Buffer.from(indentJson(encodeJson(value))));
}

/** Sends a code alone. */
export async function sendNothing(context: RequestContext, code: number): Promise<void> {
  if (isAnswered(context)) return;
  writeHead(context, code, { 'Content-Length': '0' });
  context.res.end();
}

/** Sends an error, as indented JSON where the client accepts nothing that we write: what went wrong must not be hidden by that. */
export async function sendStatus(context: RequestContext, error: StatusError): Promise<void> {
  const { res } = context;
  const { status } = error;
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter) res.setHeader('Retry-After', String(retryAfter));
  if (error instanceof PlainError) return sendPlain(context, error.code, error.message);
  const media = acceptedFor(context);
  if (media) await sendIn(context, error.code, status, media);
  else await sendIndented(context, error.code, status);
}

function acceptedFor({ req }: RequestContext): Media | undefined {
  try {
    return negotiate(req.headers.accept).media;
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** Sends any API object in a media type that was negotiated. */
export function sendIn(context: RequestContext, code: number, value: object, media: Media): Promise<void> {
  if ((value as Status).kind === 'Status') context.audit?.answer(value as Status, code);
  if (media !== protobufType) return sendBody(context, code, Buffer.from(`${encodeJson(value)}\n`), media);
  const { apiVersion = '', kind = '' } = value as { apiVersion?: string; kind?: string };
  // Some documents of discovery state no version.
  const type = typeNamed(apiVersion || 'v1', kind);
  if (!type) throw notAcceptable(textTypes);
  return send(context, code, media, encodeProtobuf(value, type));
}

/** Whether JSON is to be indented: the query says so, or the media type; without either, for browsers and tools for people. */
export function isPretty({ query, req }: RequestContext): boolean {
  const asked = query.get('pretty');
  if (asked) return readBool(asked) === true;
  if (/^(curl|Wget|Mozilla\/5\.0)/.test(req.headers['user-agent'] ?? '')) return true;
  const { accept } = req.headers;
  return accept !== undefined && /;\s*pretty\s*=/i.test(accept) && negotiate(accept, { objects: true }).pretty;
}

/** Sends an error of the server's own as plain text: what upstream does where a request cannot be decided about. */
export async function sendPlainError(context: RequestContext, message: string): Promise<void> {
  await sendPlain(context, 500, `Internal Server Error: ${JSON.stringify(context.req.url ?? '')}: ${message}`);
}

async function sendPlain(context: RequestContext, code: number, text: string): Promise<void> {
  context.res.setHeader('X-Content-Type-Options', 'nosniff');
  await send(context, code, 'text/plain; charset=utf-8', Buffer.from(`${text}\n`));
}

/** Sends bytes as they are; compressed where they are many and the client accepts that. */
export function send(context: RequestContext, code: number, contentType: string, bytes: Buffer): Promise<void> {
  return context.latencies.time('response-write', sendBytes(context, code, contentType, bytes));
}

async function sendBytes(context: RequestContext, code: number, contentType: string, bytes: Buffer): Promise<void> {
  const { res, req } = context;
  if (isAnswered(context)) return;
  let body = bytes;
  if (bytes.length > compressionThreshold && acceptsGzip(req.headers['accept-encoding'])) {
    body = await zip(bytes, { level: 1 });
    if (isAnswered(context)) return;
    res.setHeader('Content-Encoding', 'gzip');
    res.appendHeader('Vary', 'Accept-Encoding');
  }
  writeHead(context, code, { 'Content-Type': contentType, 'Content-Length': String(body.length) });
  if (req.method === 'HEAD') res.end();
  else {
    context.sent += body.length;
    res.end(body);
  }
}

/** Whether the answer came too late: the request's deadline has answered it, or the client is gone. */
function isAnswered({ res }: RequestContext): boolean {
  return res.headersSent || res.destroyed;
}

/** Writes the response's head with the warnings that came up. */
export function writeHead(context: RequestContext, code: number, headers: Record<string, string>): void {
  const { res } = context;
  context.signal.throwIfAborted();
  const warnings = context.warnings.headers();
  if (warnings.length > 0) res.setHeader('Warning', warnings);
  res.writeHead(code, headers);
}

export function acceptsGzip(header: string | string[] | undefined): boolean {
  return (
    header !== undefined &&
    String(header)
      .split(',')
      .some((coding) => coding.trim() === 'gzip')
  );
}
