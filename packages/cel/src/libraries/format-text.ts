import { typeName, typeOf } from '../check/type.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { plain, showDouble } from '../evaluate/show.ts';
import { formatTimestamp } from '../functions/time-text.ts';
import { Duration, ListValue, MapValue, Timestamp, TypeValue, UInt, type Value } from '../values.ts';

/** `'%s has %d'.format([a, b])`. Throws EvaluationError on a clause that does not fit its argument. */
export function formatText(format: string, args: ListValue): string {
  let next = 0;
  const text = format.replace(/%(?:(%)|(?:\.(\d+))?(.)?)/gs, (_all, percent, precision, verb) => {
    if (percent) return '%';
    if (verb === undefined) throw new EvaluationError('unexpected end of string');
    if (next >= args.size) throw new EvaluationError(`index ${next} out of range`);
    const value = args.at(next++);
    const write = verbs[verb];
    if (!write)
      throw new EvaluationError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    return write(value, precision === undefined ? undefined : Number(precision));
  });
  return text;
}

type Write = (value: Value, precision: number | undefined) => string;

const verbs: Readonly<Record<string, Write>> = {
  s: (value) => show(value),
  d: (value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return special(value);
    if (typeof value === 'bigint') return String(value);
    if (value instanceof UInt) return String(value.value);
    throw wrong('decimal clause can only be used on integers', value);
  },
  f: (value, precision = 6) => {
    const number = real(value, 'fixed-point clause can only be used on doubles');
    return Number.isFinite(number) ? number.toFixed(Math.min(precision, 100)) : special(number);
  },
  e: (value, precision = 6) => {
    const number = real(value, 'scientific clause can only be used on doubles');
    if (!Number.isFinite(number)) return special(number);
    return number.toExponential(Math.min(precision, 100)).replace(/e([+-])(\d)$/, 'e$10$2');
  },
  b: (value) => {
    if (typeof value === 'boolean') return value ? '1' : '0';
    return integer(value, 'only integers and bools can be formatted as binary').toString(2);
  },
  o: (value) => integer(value, 'octal clause can only be used on integers').toString(8),
  x: hex,
  X: (value) => hex(value).toUpperCase(),
};

function hex(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return integer(value, 'only integers, byte buffers, and strings can be formatted as hex').toString(16);
}

function integer(value: Value, otherwise: string): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof UInt) return value.value;
  throw wrong(otherwise, value);
}

function real(value: Value, otherwise: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof UInt) return Number(value.value);
  if (typeof value === 'string' && ['NaN', 'Infinity', '-Infinity'].includes(value)) return Number(value);
  throw wrong(otherwise, value);
}

function wrong(what: string, value: Value): EvaluationError {
  return new EvaluationError(`error during formatting: ${what}, was given ${typeName(typeOf(value))}`);
}

const special = (value: number): string => (Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity');

/** A value as `%s` shows it; keys of maps in order. */
function show(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isFinite(value) ? showDouble(value) : special(value);
  if (value instanceof UInt) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof Duration) return `${plain(Number(value.nanos) / 1e9)}s`;
  if (value instanceof TypeValue) return typeName(value.type);
  if (value instanceof ListValue) return `[${[...value].map(show).join(', ')}]`;
  if (value instanceof MapValue) {
    const entries = [...value.keys()].map((key) => [show(key), show(value.get(key)!)] as const);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => `${key}: ${each}`)
      .join(', ')}}`;
  }
  if (typeof value === 'object') {
    throw wrong(
      'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
      value,
    );
  }
  return String(value);
}
