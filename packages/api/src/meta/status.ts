import { goQuoted } from '../codec/go-text.ts';
import type { Status, StatusCause, StatusDetails, StatusReason } from '../generated/meta/v1.ts';
import { type FieldError, mostErrorText } from './field-path.ts';
import { messageOf } from './message-of.ts';

/** A resource as error texts name it: plural and group (`deployments` of `apps`; the core group is the empty string). */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** A kind as error texts name it: `Deployment` of `apps`. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** What a failure is made of; the rest of a Status (kind, apiVersion, `status: Failure`) is the same for all. */
export interface Failure {
  code: number;
  reason: StatusReason;
  message: string;
  details?: StatusDetails;
}

/**
 * A failure that is meant for the client: what a server answers as a `v1 Status` object, and what a client throws when it gets one.
 * Anything else that is thrown is a bug and is shown as an internal error.
 */
export class StatusError extends Error {
  readonly status: Status;

  constructor(failure: Failure | Status) {
    super(failure.message ?? '');
    this.name = 'StatusError';
    const { code, reason, message, details } = failure;
    const status: Status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: message ?? '',
    };
    if (reason) status.reason = reason;
    if (details) status.details = details;
    status.code = code ?? 500;
    this.status = status;
  }

  /** The HTTP status code. */
  get code(): number {
    return this.status.code ?? 500;
  }

  /** The machine-readable reason (`NotFound`, `Conflict` …); empty when a server gave none. */
  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** `deployments.apps`, `pods`. */
export function resourceName({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** `Deployment.apps`, `Pod`. */
export function kindName({ group, kind }: GroupKind): string {
  return group === '' ? kind : `${kind}.${group}`;
}

function detailsOf(name: string, group: string, kind: string, more: Partial<StatusDetails> = {}): StatusDetails {
  const details: StatusDetails = {};
  if (name !== '') details.name = name;
  if (group !== '') details.group = group;
  if (kind !== '') details.kind = kind;
  return { ...details, ...more };
}

const quoted = goQuoted;

const afterSeconds = (seconds: number | undefined): StatusDetails => (seconds ? { retryAfterSeconds: seconds } : {});

/** 400: the request itself is wrong. */
export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

/** 401: who asks is not known. */
export function unauthorized(message = 'Unauthorized'): StatusError {
  return new StatusError({ code: 401, reason: 'Unauthorized', message: message === '' ? 'not authorized' : message });
}

/** 403: who asks may not do this; `message` says why. */
export function forbiddenError(resource: GroupResource, name: string, message: string): StatusError {
  const text =
    resource.resource === ''
      ? `forbidden: ${message}`
      : name === ''
        ? `${resourceName(resource)} is forbidden: ${message}`
        : `${resourceName(resource)} ${quoted(name)} is forbidden: ${message}`;
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: text,
    details: detailsOf(name, resource.group, resource.resource),
  });
}

/** 404: no object of that name. */
export function notFoundError(resource: GroupResource, name: string): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: `${resourceName(resource)} ${quoted(name)} not found`,
    details: detailsOf(name, resource.group, resource.resource),
  });
}

/** 404: no such path, group, version or resource. */
export function unknownPath(): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });
}

/** 405: the path is served, this HTTP method on it is not. */
export function methodNotAllowed(): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}

/** 405: the resource does not answer the verb `action`. */
export function methodNotSupported(resource: GroupResource, action: string): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: `${action} is not supported on resources of kind ${quoted(resourceName(resource))}`,
    details: detailsOf('', resource.group, resource.resource),
  });
}

/** 406: none of the accepted media types can be produced. */
export function notAcceptable(produced: readonly string[]): StatusError {
  return new StatusError({
    code: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: ${produced.join(', ')}`,
  });
}

/** 409: the name is taken. */
export function alreadyExists(resource: GroupResource, name: string): StatusError {
  return new StatusError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${resourceName(resource)} ${quoted(name)} already exists`,
    details: detailsOf(name, resource.group, resource.resource),
  });
}

/** 409: every name the server generated from generateName is taken; the client may try again at once. */
export function generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds = 1): StatusError {
  return new StatusError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${resourceName(resource)} ${quoted(name)} already exists, the server was not able to generate a unique name for the object`,
    details: detailsOf(name, resource.group, resource.resource, { retryAfterSeconds }),
  });
}

/** The text of a lost optimistic update, for `conflict`. */
export const objectModified =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409: the state of the object does not allow the operation. */
export function conflict(resource: GroupResource, name: string, message: string = objectModified): StatusError {
  return new StatusError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${resourceName(resource)} ${quoted(name)}: ${message}`,
    details: detailsOf(name, resource.group, resource.resource),
  });
}

/** 409 of server-side apply: other managers own fields that were applied; one cause a field. */
export function applyConflict(causes: StatusCause[], message: string): StatusError {
  return new StatusError({ code: 409, reason: 'Conflict', message, details: { causes } });
}

/** 410: what was asked for existed and is gone for good. */
export function gone(message: string): StatusError {
  return new StatusError({ code: 410, reason: 'Gone', message });
}

/** 410: a resourceVersion or continue token is too old; list again. */
export function expired(message: string): StatusError {
  return new StatusError({ code: 410, reason: 'Expired', message });
}

/** The 410 text for a resourceVersion that is no longer kept. */
export function resourceVersionTooOld(requested: string | number, oldest: string | number): StatusError {
  return expired(`too old resource version: ${requested} (${oldest})`);
}

/** 413: the request's body is too big. */
export function requestEntityTooLarge(message: string): StatusError {
  return new StatusError({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `Request entity too large: ${message}`,
  });
}

/** 415: the body's media type is not understood. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  });
}

/** 415: no route takes the body's media type. */
export function mediaTypeWithoutRoute(hasLength: boolean): StatusError {
  return new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `415: Unsupported Media Type${hasLength ? '' : '\n\nAvailable representations: '}`,
    details: {},
  });
}

/** Several messages as one: alone as it is, more in brackets; repeated ones once. */
export function aggregate(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`;
}

/** 422: fields of the object are wrong; one cause a field. */
export function invalidObject(kind: GroupKind, name: string, all: readonly FieldError[]): StatusError {
  const errors = tellable(all);
  const causes: StatusCause[] = errors.map((error) => ({
    reason: error.type,
    message: error.message,
    field: error.field,
  }));
  const subject = `${kindName(kind)} ${quoted(name)} is invalid`;
  const message =
    errors.length === 0
      ? subject
      : `${subject}: ${aggregate(errors.map((error) => `${error.field}: ${error.message}`))}`;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message,
    details: detailsOf(name, kind.group, kind.kind, causes.length > 0 ? { causes } : {}),
  });
}

/** The first errors, as many as an answer has room for. */
function tellable(errors: readonly FieldError[]): readonly FieldError[] {
  let size = 0;
  const end = errors.findIndex(({ field, message }) => {
    const full = size > mostErrorText;
    size += field.length + message.length;
    return full;
  });
  return end < 0 ? errors : errors.slice(0, end);
}

/** 429 with the message as given; eviction and rate limits use it. `retryAfterSeconds` 0 leaves the hint out. */
export function tooManyRequests(message: string, retryAfterSeconds = 1): StatusError {
  return new StatusError({ code: 429, reason: 'TooManyRequests', message, details: afterSeconds(retryAfterSeconds) });
}

/** 500: something that is not the client's fault went wrong; the cause's text goes to the client. */
export function internalError(error: unknown): StatusError {
  const text = messageOf(error);
  return new StatusError({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${text}`,
    details: { causes: [{ message: text }] },
  });
}

/** 500 without a reason: what upstream answers with an error that is none of the API's, in its text alone. */
export function plainFailure(message: string): StatusError {
  return new StatusError({ code: 500, reason: '', message });
}

/** 500 that may be tried again: the operation could not be completed in time. */
export function serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds = 1): StatusError {
  return new StatusError({
    code: 500,
    reason: 'ServerTimeout',
    message: `The ${operation} operation against ${resourceName(resource)} could not be completed at this time, please try again.`,
    details: detailsOf(operation, resource.group, resource.resource, afterSeconds(retryAfterSeconds)),
  });
}

/** 503: the server, or one it depends on, is not ready. */
export function serviceUnavailable(message: string): StatusError {
  return new StatusError({ code: 503, reason: 'ServiceUnavailable', message });
}

/** 504: the request took longer than it may. */
export function timeoutError(message: string, retryAfterSeconds = 0): StatusError {
  return new StatusError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: ${message}`,
    details: afterSeconds(retryAfterSeconds),
  });
}

/** 504: a read asked for a revision the server has not seen yet. */
export function resourceVersionTooLarge(requested: string | number, current: string | number): StatusError {
  const error = timeoutError(`Too large resource version: ${requested}, current: ${current}`, 1);
  error.status.details = {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  };
  return error;
}

const has =
  (...reasons: string[]) =>
  (error: unknown): error is StatusError =>
    error instanceof StatusError && reasons.includes(error.reason);

export const isNotFound = has('NotFound');
export const isAlreadyExists = has('AlreadyExists');
export const isConflict = has('Conflict');
export const isInvalid = has('Invalid');
export const isForbidden = has('Forbidden');
export const isUnauthorized = has('Unauthorized');
export const isBadRequest = has('BadRequest');
export const isTooManyRequests = has('TooManyRequests');
export const isServerTimeout = has('ServerTimeout');
export const isTimeout = has('Timeout');
export const isInternalError = has('InternalError');
export const isServiceUnavailable = has('ServiceUnavailable');
export const isMethodNotSupported = has('MethodNotAllowed');
export const isNotAcceptable = has('NotAcceptable');
export const isUnsupportedMediaType = has('UnsupportedMediaType');
export const isRequestEntityTooLarge = has('RequestEntityTooLarge');
/** The resourceVersion is too old to resume from (both spellings of 410). */
export const isExpired = has('Expired', 'Gone');
