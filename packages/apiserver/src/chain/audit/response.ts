import type { ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { decodeJson } from '@coracle/api/codec/json';
import { parseFirstYamlDocument } from '@coracle/api/codec/yaml';
import { isObject } from '@coracle/api/meta/object';
import type { RequestContext } from '../link.ts';

/**
 * Watches a response on its way to the client. `onHead` is told the code when the head goes out (101 of an upgrade, when its first bytes do).
 * The function returned gives the body, when `keep` was set and it is one object in JSON or YAML; undefined otherwise.
 */
export function captureResponse(
  { res, upgrade }: RequestContext,
  keep: boolean,
  onHead: (code: number) => void,
): () => Promise<unknown> {
  const chunks: Buffer[] = [];
  const take = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk === 'string')
      chunks.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8'));
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  before(res, 'writeHead', (code) => onHead(code as number));
  let ending = false;
  before(res, 'end', (chunk, encoding) => {
    if (!res.headersSent) onHead(res.statusCode);
    if (keep) take(chunk, encoding);
    ending = true;
  });
  // Over HTTP/2, `end` writes what it is given by `write`.
  if (keep) before(res, 'write', (chunk, encoding) => ending || take(chunk, encoding));
  if (upgrade) before(upgrade.socket as unknown as ServerResponse, 'write', () => onHead(101));
  return async () => {
    if (chunks.length === 0) return undefined;
    const sent = Buffer.concat(chunks);
    return parsed(
      res.getHeader('content-encoding') === 'gzip' ? gunzipSync(sent) : sent,
      String(res.getHeader('content-type')),
    );
  };
}

/** Has a method of a response call something first. */
function before(
  target: ServerResponse,
  method: 'writeHead' | 'write' | 'end',
  first: (...args: unknown[]) => void,
): void {
  const own = target[method] as (...args: unknown[]) => unknown;
  Object.defineProperty(target, method, {
    configurable: true,
    writable: true,
    value(this: unknown, ...args: unknown[]) {
      first(...args);
      return own.apply(this, args);
    },
  });
}

function parsed(bytes: Buffer, contentType: string): unknown {
  const value = contentType.startsWith('application/json')
    ? decodeJson(bytes).value
    : contentType.startsWith('application/yaml')
      ? parseFirstYamlDocument(bytes.toString())?.value
      : undefined;
  return isObject(value) && typeof value.kind === 'string' ? value : undefined;
}
