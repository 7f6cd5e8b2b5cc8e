import { badRequest, expired, type StatusError } from '@coracle/api/meta/status';

/** Where a list goes on. */
export interface Continuation {
  /** The first key that has not been sent, below the list's prefix. */
  start: string;
  /** The revision all pages show; -1: whatever is newest (an inconsistent continuation). */
  revision: number;
}

const version = 'meta.k8s.io/v1';

/** Upstream's token: base64url of `{"v":"meta.k8s.io/v1","rv":…,"start":…}`. */
export function encodeContinue({ start, revision }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start })).toString('base64url');
}

/** Reads a token; throws BadRequest with upstream's texts. */
export function decodeContinue(token: string): Continuation {
  let value: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    value = JSON.parse(Buffer.from(token, 'base64url').toString()) as typeof value;
  } catch {
    throw badRequest('continue key is not valid: invalid encoding');
  }
  if (typeof value !== 'object' || value === null || value.v !== version) {
    throw badRequest(
      `continue key is not valid: server does not recognize this encoded version ${JSON.stringify(String(value?.v ?? ''))}`,
    );
  }
  if (typeof value.rv !== 'number' || value.rv === 0 || !Number.isSafeInteger(value.rv)) {
    throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  }
  if (typeof value.start !== 'string' || value.start === '') {
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  }
  if (value.start.split('/').some((part) => part === '..' || part === '.')) {
    throw badRequest(`continue key is not valid: ${value.start}`);
  }
  return { start: value.start, revision: value.rv };
}

/** 410 for a continuation whose revision is compacted; carries a token that goes on with what is there now. */
export function expiredContinue(start: string): StatusError {
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  error.status.metadata = { continue: encodeContinue({ start, revision: -1 }) };
  return error;
}
