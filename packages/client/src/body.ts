import type { Readable } from 'node:stream';
import { decodeJson } from '@coracle/api/codec/json';
import { StatusError } from '@coracle/api/meta/status';
import type { Status } from '@coracle/api/types/meta/v1';
import type { TransportResponse } from './transport.ts';

/** Reads a whole body. */
export async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

const longNumber = /[0-9]{16}/;

/** Parses JSON; only where digits run long does the exact parser take over, which keeps integers beyond 2^53. */
export function decodeBody(body: Buffer | string): unknown {
  const text = typeof body === 'string' ? body : body.toString('utf8');
  return longNumber.test(text) ? decodeJson(text).value : JSON.parse(text);
}

/** The error behind a response of 400 and above: the server's Status, or one made of the code where the body is none. */
export async function responseError(response: TransportResponse, method: string, path: string): Promise<StatusError> {
  const text = (await readAll(response.body)).toString('utf8');
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === 'Status' && status.status !== 'Success') return new StatusError({ ...status, code: status.code ?? response.status });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new StatusError(genericStatus(response.status, method, path, text, response.headers['retry-after']));
}

const genericReasons: Readonly<Record<number, [reason: string, message: string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden', 'the server does not allow this method on the requested resource'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  406: ['NotAcceptable', 'the server was unable to respond with a content type that the client supports'],
  409: ['Conflict', 'the server reported a conflict'],
  410: ['Gone', 'the requested resource is gone'],
  413: ['RequestEntityTooLarge', 'the request is too large'],
  415: ['UnsupportedMediaType', 'the server was unable to understand the request content type'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  500: ['InternalError', 'an error on the server'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted, but may still be processing the request'],
};

function genericStatus(code: number, method: string, path: string, text: string, retryAfter: unknown): Status {
  const [reason, message] = genericReasons[code] ?? [
    code >= 500 ? 'InternalError' : 'Unknown',
    code >= 500 ? 'an error on the server' : `the server responded with the status code ${code} but did not return more information`,
  ];
  const detail = text.trim().slice(0, 2048);
  const shown = code === 500 && detail !== '' ? `${message} (${JSON.stringify(detail)}) has prevented the request from succeeding` : message;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: code === 404 || code === 401 ? shown : `${shown} (${method.toLowerCase()} ${path.split('?')[0]})`,
    reason,
    code,
    details: {
      causes: [{ reason: 'UnexpectedServerResponse', message: detail === '' ? 'unknown' : detail }],
      ...(retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) }),
    },
  };
}
