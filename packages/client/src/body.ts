import type { Readable } from 'node:stream';
import { decodeJson } from '@coracle/api/codec/json';
import { statusFromResponse } from '@coracle/api/meta/response-status';
import type { StatusError } from '@coracle/api/meta/status';
import { ConnectionError, type TransportResponse } from './transport.ts';

/** Reads a whole body. Throws ConnectionError when it breaks off, and the signal's reason when that was aborted. */
export async function readAll(body: Readable, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk as Buffer);
  } catch (error) {
    throw brokenOff(error, signal);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** What to throw for an error that came while a body was read. */
export function brokenOff(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  return error instanceof ConnectionError ? error : new ConnectionError((error as Error).message, false, error);
}

/** Parses JSON; integers beyond 2^53 become bigint. */
export const decodeBody = (body: Buffer): unknown => decodeJson(body).value;

/** The error behind a response of 400 and above. */
export async function responseError(response: TransportResponse, method: string): Promise<StatusError> {
  const text = (await readAll(response.body)).toString('utf8');
  const retryAfterSeconds = Number(response.headers['retry-after']) || undefined;
  return statusFromResponse(response.status, text, { verb: method, retryAfterSeconds });
}
