import { randomUUID } from 'node:crypto';
import { duplicateFields, isCertainlyWithoutDuplicates } from './json-duplicates.ts';
import { jsonSyntaxError } from './json-syntax.ts';
import { textOf, withoutHalves } from './json-text.ts';

/** How deep arrays and objects may nest, as in upstream's decoder. */
export const maxJsonDepth = 10_000;

export interface DecodedJson {
  value: unknown;
  /** Paths of fields that occur more than once in one object (`spec.replicas`); the last one counts. */
  duplicates: string[];
}

/** A body that is no JSON; the message is the text Go's decoder has. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** An integer that a double may not hold exactly has at least so many digits; so have many hashes, which stand in strings. */
const digitsOfLong = 16;
const longNumber = /(?:^|[:,[\s])-?[0-9]{16}/;
/** A number that a double may not hold at all. */
const greatExponent = /[eE]\+?[0-9]{3,}(?:[\s,}\]]|$)/;

/**
 * Decodes JSON. Integers beyond 2^53 become bigint; keys named `__proto__` are ordinary; what is no character is U+FFFD. Looks for duplicate fields only when asked.
 * Throws JsonError with Go's text: where it is malformed, ends early, or nests deeper than `maxJsonDepth`.
 */
export function decodeJson(source: Uint8Array | string, options: { duplicates?: boolean } = {}): DecodedJson {
  const text = withoutHalves(typeof source === 'string' ? source : textOf(source));
  // What nests that deep is at least that long, twice.
  const beyond = text.length > 2 * maxJsonDepth ? nestsBeyond(text, maxJsonDepth) : undefined;
  if (beyond !== undefined) throw new JsonError(`invalid character '${beyond}' exceeded max depth`);
  const value = parse(text);
  if (!options.duplicates || isCertainlyWithoutDuplicates(text, value)) return { value, duplicates: [] };
  return { value, duplicates: duplicateFields(text) };
}

function parse(text: string): unknown {
  try {
    const odd = (hasManyDigits(text) && longNumber.test(text)) || greatExponent.test(text);
    return odd ? parseExactly(text) : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new JsonError(jsonSyntaxError(text));
    throw error;
  }
}

/** Whether so many digits stand in a row: one of them then is at a multiple of their number, so that no other place has to be looked at first. */
function hasManyDigits(text: string): boolean {
  for (let i = digitsOfLong - 1; i < text.length; i += digitsOfLong) {
    if (!isDigit(text.charCodeAt(i))) continue;
    let [from, to] = [i, i + 1];
    while (from > 0 && isDigit(text.charCodeAt(from - 1))) from--;
    while (to < text.length && isDigit(text.charCodeAt(to))) to++;
    if (to - from >= digitsOfLong) return true;
  }
  return false;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Longer integers are refused as numbers that no double holds are: taking one for a number takes the square of its length. */
const mostDigits = 10_000;
const isPartOfNumber = (code: number): boolean =>
  isDigit(code) || code === 0x2d || code === 0x2b || code === 0x2e || code === 0x65 || code === 0x45;
const wholeNumber = /^-?(?:0|[1-9][0-9]*)$/;

/**
 * Parses JSON in which integers that a double would round become bigint, and numbers that no double holds are refused. Such integers are parsed as texts
 * that begin as nothing else does, and found again: a reviver would be called for every value, of which there may be a million.
 */
function parseExactly(text: string): unknown {
  const mark = randomUUID();
  let [marked, copied, count] = ['', 0, 0];
  let beyond: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = endOfString(text, i);
    else if (c === 0x2d || isDigit(c)) {
      const start = i;
      while (i + 1 < text.length && isPartOfNumber(text.charCodeAt(i + 1))) i++;
      const number = text.slice(start, i + 1);
      if (number.length < digitsOfLong && !/[eE]/.test(number)) continue;
      if (!wholeNumber.test(number) || number.length > mostDigits) {
        if (!Number.isFinite(Number(number)) && /^-?[0-9]/.test(number)) beyond ??= number;
      } else if (!Number.isSafeInteger(Number(number)) && !isKey(text, i + 1)) {
        marked += `${text.slice(copied, start)}"${mark}${number}"`;
        copied = i + 1;
        count++;
      }
    }
  }
  const value: unknown = JSON.parse(count === 0 ? text : marked + text.slice(copied));
  if (beyond !== undefined)
    throw new JsonError(`json: cannot unmarshal number ${beyond} into Go value of type float64`);
  const exact = (item: unknown): bigint | undefined =>
    typeof item === 'string' && item.startsWith(mark) ? BigInt(item.slice(mark.length)) : undefined;
  const open: object[] = [];
  const look = (within: Record<string, unknown>, key: string | number): void => {
    const item = within[key];
    if (typeof item === 'object' && item !== null) open.push(item);
    const number = exact(item);
    if (number === undefined) return;
    within[key] = number;
    count--;
  };
  if (typeof value === 'object' && value !== null) open.push(value);
  for (let next = open.pop(); next && count > 0; next = open.pop()) {
    if (Array.isArray(next)) for (let i = 0; i < next.length; i++) look(next as unknown as Record<string, unknown>, i);
    else for (const key in next) look(next as Record<string, unknown>, key);
  }
  return exact(value) ?? value;
}

/** Whether what ends before a position of malformed JSON stands where a key does: it must not become one. */
function isKey(text: string, position: number): boolean {
  let at = position;
  while (/[ \t\r\n]/.test(text[at] ?? '')) at++;
  return text[at] === ':';
}

/** What opens the first part that nests deeper; undefined: nothing does. */
function nestsBeyond(text: string, limit: number): string | undefined {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      i = endOfString(text, i);
    } else if (c === 0x7b || c === 0x5b) {
      if (++depth > limit) return text[i];
    } else if (c === 0x7d || c === 0x5d) {
      depth--;
    }
  }
  return undefined;
}

/** The position of the quote that closes the string opened at `start`; the text's length when none does. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x22) return at;
    if (c === 0x5c) at++;
  }
  return at;
}

/** Encodes a JSON value compactly; bigints become numbers, undefined fields are left out. */
export function encodeJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // A bigint is the one JSON value that the fast way refuses.
    if (error instanceof TypeError) return JSON.stringify(value, rawIntegers);
    throw error;
  }
}

/** Encodes a JSON value over several lines, indented by `indent` spaces. */
export function encodeJsonPretty(value: unknown, indent = 4): string {
  return JSON.stringify(value, rawIntegers, indent);
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function rawIntegers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJson(value.toString()) : value;
}
