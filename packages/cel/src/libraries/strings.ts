import { formatType, typeOf } from '../check/type.ts';
import { reading, sizeOf, traversal } from '../cost/factors.ts';
import { add, exactly, most, multiply, type Range, scale, unknown } from '../cost/range.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { perRequestLimit } from '../limits.ts';
import { ArrayList, type ListValue, type Value } from '../values.ts';
import { formatText } from './format-text.ts';

const onePass: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!),
  estimate: ([text]) => ({ cost: scale(text!.size, traversal), size: text!.size }),
};
const searching: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!),
  estimate: ([text]) => ({ cost: scale(text!.size, traversal) }),
};
const replacing: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!, 2),
  estimate: ([text, from, to]) => ({
    cost: scale(text!.size, 2 * traversal),
    size: replacedSize(text!.size, from!.size, to!.size),
  }),
};
const splitting: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!, 2),
  estimate: ([text]) => ({ cost: scale(text!.size, 2 * traversal), size: { min: 0n, max: text!.size.max } }),
};
const joining: Pick<Overload, 'cost' | 'estimate'> = {
  cost: (_, result) => Math.ceil(sizeOf(result) * 2 * traversal),
  estimate: ([list, separator]) => {
    const items = multiply(list!.size, list!.item?.size ?? unknown);
    const less = (value: bigint) => (value > 0n ? value - 1n : 0n);
    const gaps = { min: less(list!.size.min), max: less(list!.size.max) };
    const size = separator ? add(items, multiply(separator.size, gaps)) : items;
    return { cost: scale(size, traversal), size };
  },
};
const charAt = (text: string, index: bigint): string => {
  const points = [...text];
  if (index < 0n || index > points.length) throw new EvaluationError(`index out of range: ${index}`);
  return points[Number(index)] ?? '';
};

/**
 * Strings beyond the language's own, version 2 of the extension
 * (https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries).
 */
export const strings: Library = {
  charAt: [overload('string_char_at_int', 'string.(int) string', charAt)],
  indexOf: [
    overload(
      'string_index_of_string',
      'string.(string) int',
      (text: string, part: string) => indexOf(text, part, 0n),
      searching,
    ),
    overload('string_index_of_string_int', 'string.(string, int) int', indexOf, searching),
  ],
  lastIndexOf: [
    overload(
      'string_last_index_of_string',
      'string.(string) int',
      (text: string, part: string) => lastIndexOf(text, part),
      searching,
    ),
    overload('string_last_index_of_string_int', 'string.(string, int) int', lastIndexOf, searching),
  ],
  lowerAscii: [
    overload(
      'string_lower_ascii',
      'string.() string',
      (text: string) => text.replace(/[A-Z]/g, (c) => c.toLowerCase()),
      onePass,
    ),
  ],
  upperAscii: [
    overload(
      'string_upper_ascii',
      'string.() string',
      (text: string) => text.replace(/[a-z]/g, (c) => c.toUpperCase()),
      onePass,
    ),
  ],
  replace: [
    overload(
      'string_replace_string_string',
      'string.(string, string) string',
      (text: string, from: string, to: string) => replace(text, from, to, -1n),
      replacing,
    ),
    overload('string_replace_string_string_int', 'string.(string, string, int) string', replace, replacing),
  ],
  split: [
    overload(
      'string_split_string',
      'string.(string) list(string)',
      (text: string, separator: string) => split(text, separator, -1n),
      splitting,
    ),
    overload('string_split_string_int', 'string.(string, int) list(string)', split, splitting),
  ],
  substring: [
    overload(
      'string_substring_int',
      'string.(int) string',
      (text: string, start: bigint) => substring(text, start),
      onePass,
    ),
    overload('string_substring_int_int', 'string.(int, int) string', substring, onePass),
  ],
  trim: [
    overload(
      'string_trim',
      'string.() string',
      (text: string) => text.replace(/^[\s\u0085]+|[\s\u0085]+$/gu, ''),
      onePass,
    ),
  ],
  join: [
    overload('list_join', 'list(string).() string', (list: ListValue) => join(list, ''), joining),
    overload('list_join_string', 'list(string).(string) string', join, joining),
  ],
  'strings.quote': [
    overload('strings_quote', '(string) string', quote, {
      estimate: ([text]) => ({ cost: scale(text!.size, traversal), size: add(scale(text!.size, 2), exactly(2)) }),
      cost: ([text]) => reading(text!),
    }),
  ],
  format: [
    overload('string_format', 'string.(list(dyn)) string', formatText, {
      cost: ([text]) => reading(text!),
      estimate: ([text]) => ({ cost: scale(text!.size, traversal) }),
    }),
  ],
};

/** What is made is paid for after it is made; more than this costs more than any expression may. */
function refuseTooLong(length: number): void {
  if (length > perRequestLimit / traversal / 2) throw new EvaluationError(`string of ${length} characters is too long`);
}

function indexOf(text: string, part: string, offset: bigint): bigint {
  const points = [...text];
  if (part === '') return offset;
  if (offset < 0n) throw new EvaluationError(`index out of range: ${offset}`);
  if (offset >= points.length) return -1n;
  const found = points.slice(Number(offset)).join('').indexOf(part);
  if (found < 0) return -1n;
  return offset + BigInt([...points.slice(Number(offset)).join('').slice(0, found)].length);
}

function lastIndexOf(text: string, part: string, offset?: bigint): bigint {
  const points = [...text];
  if (offset !== undefined && (offset < 0n || offset >= points.length))
    throw new EvaluationError(`index out of range: ${offset}`);
  if (part === '') return offset ?? BigInt(points.length);
  const wanted = [...part];
  const last = points.length - wanted.length;
  for (let i = Math.min(last, Number(offset ?? last)); i >= 0; i--) {
    if (wanted.every((point, j) => points[i + j] === point)) return BigInt(i);
  }
  return -1n;
}

function replace(text: string, from: string, to: string, count: bigint): string {
  const limit = count < 0n ? Number.POSITIVE_INFINITY : Number(count);
  if (from === '') {
    const points = ['', ...text];
    refuseTooLong(Math.min(limit, points.length) * to.length);
    return points.map((point, i) => (i < limit ? point + to : point)).join('');
  }
  const parts = text.split(from);
  const replaced = Math.min(limit, parts.length - 1);
  refuseTooLong(replaced * to.length);
  return [parts.slice(0, replaced + 1).join(to), ...parts.slice(replaced + 1)].join(from);
}

function split(text: string, separator: string, count: bigint): ListValue {
  if (count === 0n) return new ArrayList([]);
  if (count === 1n) return new ArrayList([text]);
  const parts = separator === '' ? [...text] : text.split(separator);
  if (count < 0n || count >= parts.length) return new ArrayList(parts);
  const kept = Number(count) - 1;
  return new ArrayList([...parts.slice(0, kept), parts.slice(kept).join(separator)]);
}

function substring(text: string, start: bigint, end?: bigint): string {
  const points = [...text];
  const last = end ?? BigInt(points.length);
  if (end !== undefined && start > end) {
    throw new EvaluationError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  for (const index of [start, last]) {
    if (index < 0n || index > points.length) throw new EvaluationError(`index out of range: ${index}`);
  }
  return points.slice(Number(start), Number(last)).join('');
}

function join(list: ListValue, separator: string): string {
  refuseTooLong(list.size * separator.length);
  return [...list]
    .map((item: Value) => {
      if (typeof item === 'string') return item;
      throw new EvaluationError(`no such overload: ${formatType(typeOf(item))}`);
    })
    .join(separator);
}

/** A string in double quotes, with control characters escaped. */
function quote(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
    '\\': '\\\\',
    '"': '\\"',
  };
  return `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (c) => names[c]!)}"`;
}

/** Bounds of a text after replacement, from those of text, what is replaced and what replaces it. */
function replacedSize(text: Range, from: Range, to: Range): Range {
  const up = (a: bigint, b: bigint) => BigInt(Math.ceil(Number(a) / Number(b)));
  const next = (value: bigint) => (value < most ? value + 1n : value);
  const bound = (own: bigint, between: boolean, kept: boolean, part: bigint): [count: bigint, rest: bigint] => {
    if (between) return [next(own), own];
    return kept ? [0n, own] : [up(own, part), 0n];
  };
  const [maxCount, maxRest] = bound(text.max, from.min === 0n, to.max <= from.min, from.min);
  const [minCount, minRest] = bound(text.min, from.max === 0n, from.max <= to.min, from.max);
  return add(multiply({ min: minCount, max: maxCount }, to), { min: minRest, max: maxRest });
}
