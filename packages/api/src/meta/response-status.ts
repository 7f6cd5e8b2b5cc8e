import type { Status, StatusReason } from '../generated/meta/v1.ts';
import { type GroupResource, resourceName, StatusError } from './status.ts';

interface Meaning {
  reason: StatusReason;
  message: string;
  /** Whether the server's own text is better than ours. */
  own?: boolean;
}

const unknown = 'an error on the server';

const meanings: Readonly<Record<number, Meaning>> = {
  400: { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' },
  401: { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' },
  403: { reason: 'Forbidden', message: 'forbidden', own: true },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' },
  406: {
    reason: 'NotAcceptable',
    message: 'the server was unable to respond with a content type that the client supports',
    own: true,
  },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  415: {
    reason: 'UnsupportedMediaType',
    message: 'the server was unable to process the request body: unsupported media type',
    own: true,
  },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: {
    reason: 'TooManyRequests',
    message: 'the server has received too many requests and has asked us to try again later',
  },
  500: { reason: 'InternalError', message: unknown },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: {
    reason: 'Timeout',
    message: 'the server was unable to return a response in the time allotted, but may still be processing the request',
  },
};

/**
 * The error a client throws for an answer with an HTTP error code: the Status object the server sent, or, when the body is
 * something else (a proxy's page, plain text), the Status that upstream's client makes up from code and body.
 * `request` names what was asked: the lower-case verb, the resource and the object's name; a body whose `contentType` says that it is no text is not shown.
 */
export function statusFromResponse(
  code: number,
  body: string,
  request: { verb: string; resource?: GroupResource; name?: string; retryAfterSeconds?: number; contentType?: string },
): StatusError {
  const sent = parsedStatus(body);
  if (sent) return new StatusError({ ...sent, code: sent.code || code });
  const meaning = meanings[code] ?? {
    reason: code >= 500 ? ('InternalError' as const) : ('' as const),
    message:
      code >= 500 ? unknown : `the server responded with the status code ${code} but did not return more information`,
  };
  const isText = !request.contentType || request.contentType.startsWith('text/');
  const text = isText ? body.trim() : 'unknown';
  const isTold = text !== '' && !(code === 406 && text === 'unknown');
  let message = meaning.own && isTold ? text : meaning.message;
  if (message === unknown)
    message = `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`;
  const { verb, resource, name = '', retryAfterSeconds } = request;
  if (resource && resource.resource !== '') {
    const subject = name === '' ? resourceName(resource) : `${resourceName(resource)} ${name}`;
    message = `${message} (${verb.toLowerCase()} ${subject})`;
  }
  return new StatusError({
    code,
    reason: meaning.reason,
    message,
    details: {
      ...(name === '' ? {} : { name }),
      ...(resource?.group ? { group: resource.group } : {}),
      ...(resource?.resource ? { kind: resource.resource } : {}),
      causes: [{ reason: 'UnexpectedServerResponse', message: text === '' ? 'unknown' : text }],
      ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
    },
  });
}

function parsedStatus(body: string): Status | undefined {
  if (!body.trimStart().startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const status = value as Status;
  return status.kind === 'Status' && status.apiVersion === 'v1' && status.status === 'Failure' ? status : undefined;
}
