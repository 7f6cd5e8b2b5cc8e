import { goText } from '@coracle/api/codec/go-text';

export type TemplateFunction = (...values: unknown[]) => unknown;

/** Go's notion of an empty value. */
export function truth(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '' || value === 0n)
    return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return true;
}

/** A value as an action prints it. */
export const printed = (value: unknown): string =>
  value === undefined || value === null ? '<no value>' : goText(value);

const comparable = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

function ordered(a: unknown, b: unknown): [number | string, number | string] {
  const [x, y] = [comparable(a), comparable(b)];
  if (typeof x !== typeof y) throw new Error('incompatible types for comparison');
  if (typeof x !== 'number' && typeof x !== 'string') throw new Error('invalid type for comparison');
  return [x, y as number | string];
}

function equal(a: unknown, ...others: unknown[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some((b) => {
    const [x, y] = [comparable(a), comparable(b)];
    if (x != null && y != null && typeof x !== typeof y) throw new Error('incompatible types for comparison');
    return x === y;
  });
}

function index(value: unknown, ...keys: unknown[]): unknown {
  return keys.reduce((current: unknown, key) => {
    if (Array.isArray(current)) {
      const at = Number(key);
      if (!Number.isInteger(at) || at < 0 || at >= current.length)
        throw new Error(`error calling index: index out of range: ${key}`);
      return current[at];
    }
    if (typeof current === 'object' && current !== null) {
      return Object.hasOwn(current, String(key)) ? (current as Record<string, unknown>)[String(key)] : undefined;
    }
    throw new Error(
      current == null
        ? 'error calling index: index of untyped nil'
        : `error calling index: can't index item of type ${typeof current}`,
    );
  }, value);
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new Error('error calling len: len of type ' + (value == null ? 'nil' : typeof value));
}

/** The verbs of fmt.Sprintf that templates use. */
function sprintf(format: unknown, ...values: unknown[]): string {
  let next = 0;
  const text = String(format).replace(
    /%([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string, precision: string, verb: string) => {
      if (verb === '%') return '%';
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const shown = formatted(verb, values[next++], precision);
      const fill = flags.includes('0') && !flags.includes('-') ? '0' : ' ';
      return flags.includes('-') ? shown.padEnd(Number(width)) : shown.padStart(Number(width), fill);
    },
  );
  if (next >= values.length) return text;
  return `${text}%!(EXTRA ${values
    .slice(next)
    .map((value) => `${typeof value}=${goText(value)}`)
    .join(', ')})`;
}

function formatted(verb: string, value: unknown, precision: string | undefined): string {
  switch (verb) {
    case 'q':
      return JSON.stringify(goText(value));
    case 'd':
      return typeof value === 'number' || typeof value === 'bigint'
        ? String(value)
        : `%!d(${typeof value}=${goText(value)})`;
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(String(value)).toString('hex');
    case 'f':
      return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
    case 't':
    case 'v':
    case 's': {
      const text = goText(value);
      return precision === undefined ? text : text.slice(0, Number(precision));
    }
  }
  return `%!${verb}(${typeof value}=${goText(value)})`;
}

const html: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

export const functions: Readonly<Record<string, TemplateFunction>> = {
  not: (value) => !truth(value),
  len: length,
  index,
  slice: (value, from = 0, to) =>
    (value as string | unknown[]).slice(Number(from), to === undefined ? undefined : Number(to)),
  print: (...values) =>
    values.reduce((text: string, value, i) => {
      const blank = i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string';
      return `${text}${blank ? ' ' : ''}${goText(value)}`;
    }, ''),
  println: (...values) => `${values.map(goText).join(' ')}\n`,
  printf: sprintf,
  html: (...values) =>
    values
      .map(goText)
      .join('')
      .replace(/[&<>"']/g, (c) => html[c]!),
  js: (...values) => JSON.stringify(values.map(goText).join('')).slice(1, -1).replaceAll("'", "\\'"),
  urlquery: (...values) => encodeURIComponent(values.map(goText).join('')).replaceAll('%20', '+'),
  eq: equal,
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => ((x) => x[0] < x[1])(ordered(a, b)),
  le: (a, b) => ((x) => x[0] <= x[1])(ordered(a, b)),
  gt: (a, b) => ((x) => x[0] > x[1])(ordered(a, b)),
  ge: (a, b) => ((x) => x[0] >= x[1])(ordered(a, b)),
  /** kubectl's own: whether a path of keys is there. */
  exists: (value, ...keys) => {
    let current = value;
    for (const key of keys) {
      if (typeof current !== 'object' || current === null || !Object.hasOwn(current, String(key))) return false;
      current = (current as Record<string, unknown>)[String(key)];
    }
    return true;
  },
  base64decode: (value) => Buffer.from(String(value), 'base64').toString('utf8'),
};
