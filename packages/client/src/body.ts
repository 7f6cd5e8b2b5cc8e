import type { Readable } from 'node:stream';
import { decodeJson } from '@coracle/api/codec/json';
import { statusFromResponse } from '@coracle/api/meta/response-status';
import type { StatusError } from '@coracle/api/meta/status';
import type { TransportResponse } from './transport.ts';

/** Reads a whole body. */
export async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Parses JSON; integers beyond 2^53 become bigint. */
export const decodeBody = (body: Buffer): unknown => decodeJson(body).value;

/** The error behind a response of 400 and above. */
export async function responseError(response: TransportResponse, method: string): Promise<StatusError> {
  const text = (await readAll(response.body)).toString('utf8');
  const retryAfterSeconds = Number(response.headers['retry-after']) || undefined;
  return statusFromResponse(response.status, text, { verb: method, retryAfterSeconds });
}
