import { posix } from 'node:path';
import { decodeJson } from '@coracle/api/codec/json';
import { messageOf } from '@coracle/api/meta/message-of';
import { isObject } from '@coracle/api/meta/object';
import { badRequest, expired, type StatusError } from '@coracle/api/meta/status';
import { jsonTypeOf } from './decoding.ts';

/** Where a list goes on. */
export interface Continuation {
  /** The first key that has not been sent, below the list's prefix. */
  start: string;
  /** The revision all pages show; -1: whatever is newest (an inconsistent continuation). Near it where it is beyond 2^53. */
  revision: number;
}

/** A token that was read. */
export interface ReadContinuation extends Continuation {
  /** Its revision, as it says it. */
  readonly asked: string;
}

const version = 'meta.k8s.io/v1';

/** Upstream's token: base64url of `{"v":"meta.k8s.io/v1","rv":…,"start":…}`. */
export function encodeContinue({ start, revision }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start })).toString('base64url');
}

/** Reads a token; throws BadRequest with upstream's texts. */
export function decodeContinue(token: string): ReadContinuation {
  const value = fieldsOf(token);
  if (value.v !== version) {
    throw invalidToken(`server does not recognize this encoded version ${value.v ?? ''}`);
  }
  const rv = value.rv ?? 0;
  if (Number(rv) === 0) throw invalidToken(`incorrect encoded start resourceVersion (version ${version})`);
  if (!value.start) throw invalidToken(`encoded start key empty (version ${version})`);
  const path = value.start.startsWith('/') ? value.start : `/${value.start}`;
  if (posix.normalize(path) !== path || path.endsWith('/')) throw invalidToken(value.start);
  return { start: path.slice(1), revision: Number(rv), asked: String(rv) };
}

const fieldTypes = { v: 'string', rv: 'int64', start: 'string' } as const;

/** What a token holds, of the right types. */
function fieldsOf(token: string): { v?: string; rv?: number | bigint; start?: string } {
  const illegal = token.search(/[^\w-]/);
  if (illegal >= 0) throw invalidToken(`illegal base64 data at input byte ${illegal}`);
  const text = Buffer.from(token, 'base64url').toString();
  let value: unknown;
  try {
    value = decodeJson(text).value;
  } catch (error) {
    throw invalidToken(messageOf(error));
  }
  if (value === null) return {};
  if (!isObject(value)) throw unfit(value, 'value of type storage.continueToken');
  for (const [name, type] of Object.entries(fieldTypes)) {
    const field = value[name];
    const fits = type === 'string' ? typeof field === 'string' : isInt64(field);
    if (field !== undefined && field !== null && !fits)
      throw unfit(field, `struct field continueToken.${name} of type ${type}`);
  }
  const written = [...text.matchAll(revisions)].at(-1)?.[1] ?? '';
  if (/[.eE]/.test(written)) throw unfitNumber(written, 'struct field continueToken.rv of type int64');
  return value;
}

/** Where a token says its revision: an integer is one to Go only as it is written without fraction and exponent. */
const revisions = /"rv"\s*:\s*(-?[0-9][^\s,}]*)/g;

const isInt64 = (value: unknown): boolean =>
  typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);

function unfit(value: unknown, target: string): StatusError {
  const isOdd = typeof value === 'bigint' || (typeof value === 'number' && !Number.isInteger(value));
  if (isOdd) return unfitNumber(String(value), target);
  return invalidToken(`json: cannot unmarshal ${jsonTypeOf(value)} into Go ${target}`);
}

function unfitNumber(written: string, target: string): StatusError {
  return invalidToken(`json: cannot unmarshal number ${written} into Go ${target}`);
}

function invalidToken(problem: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid: ${problem}`);
}

/** 410 for a continuation whose revision is compacted; carries a token that goes on with what is there now. */
export function expiredContinue(start: string): StatusError {
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  error.status.metadata = { continue: encodeContinue({ start, revision: -1 }) };
  return error;
}
