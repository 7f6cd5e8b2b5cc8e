import { type Type, typeName, typeOf } from '../check/type.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { plain, showDouble } from '../evaluate/show.ts';
import { formatTimestamp } from '../functions/time-text.ts';
import { Duration, ListValue, MapValue, Timestamp, TypeValue, UInt, type Value } from '../values.ts';

/** `'%s has %d'.format([a, b])`. Throws EvaluationError on a clause that does not fit its argument. */
export function formatText(format: string, args: ListValue): string {
  let next = 0;
  return format.replace(/%(?:(%)|(?:\.(\d+))?(.)?)/gs, (_all, percent, precision, verb) => {
    if (percent) return '%';
    if (verb === undefined) throw new EvaluationError('unexpected end of string');
    if (next >= args.size) throw new EvaluationError(`index ${next} out of range`);
    const value = args.at(next++);
    const write = verbs[verb];
    if (!write)
      throw new EvaluationError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    return write(value, precision === undefined ? undefined : Number(precision));
  });
}

/**
 * The clauses of a format, each as a check of the type it is given, which says what is wrong with it. Throws EvaluationError on a clause that
 * is none.
 */
export function formatClauses(format: string): ((type: Type) => string | undefined)[] {
  const clauses: ((type: Type) => string | undefined)[] = [];
  for (const [, percent, precision, verb] of format.matchAll(/%(?:(%)|(?:\.(\d*))?(.)?)/gs)) {
    if (percent) continue;
    if (precision === '') {
      const why = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax';
      throw new EvaluationError(`could not parse formatting clause: error while parsing precision: ${why}`);
    }
    if (verb === undefined) throw new EvaluationError('unexpected end of string');
    const takes = Object.hasOwn(taken, verb) ? taken[verb]! : undefined;
    if (!takes)
      throw new EvaluationError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    clauses.push((type) =>
      type.is === 'dyn' || type.is === 'param' || takes.types.includes(type.is)
        ? undefined
        : `error during formatting: ${takes.otherwise}, was given ${typeName(type)}`,
    );
  }
  return clauses;
}

const decimal = 'decimal clause can only be used on integers';
const fixed = 'fixed-point clause can only be used on doubles';
const scientific = 'scientific clause can only be used on doubles';
const binary = 'only integers and bools can be formatted as binary';
const octal = 'octal clause can only be used on integers';
const hexadecimal = 'only integers, byte buffers, and strings can be formatted as hex';
const text =
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps';
const shownTypes: readonly Type['is'][] = [
  'list',
  'map',
  'int',
  'uint',
  'double',
  'bool',
  'bytes',
  'timestamp',
  'duration',
  'string',
  'null',
  'type',
];

/** What each clause takes, and what is said of anything else. */
const taken: Readonly<Record<string, { readonly types: readonly Type['is'][]; readonly otherwise: string }>> = {
  s: { types: shownTypes, otherwise: text },
  d: { types: ['int', 'uint'], otherwise: decimal },
  f: { types: ['double'], otherwise: fixed },
  e: { types: ['double'], otherwise: scientific },
  b: { types: ['int', 'uint', 'bool'], otherwise: binary },
  o: { types: ['int', 'uint'], otherwise: octal },
  x: { types: ['int', 'uint', 'bytes', 'string'], otherwise: hexadecimal },
  X: { types: ['int', 'uint', 'bytes', 'string'], otherwise: hexadecimal },
};

type Write = (value: Value, precision: number | undefined) => string;

const verbs: Readonly<Record<string, Write>> = {
  s: (value) => show(value),
  d: (value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return special(value);
    if (typeof value === 'bigint') return String(value);
    if (value instanceof UInt) return String(value.value);
    throw wrong(decimal, value);
  },
  f: (value, precision = 6) => {
    const number = real(value, fixed);
    return Number.isFinite(number) ? number.toFixed(Math.min(precision, 100)) : special(number);
  },
  e: (value, precision = 6) => {
    const number = real(value, scientific);
    if (!Number.isFinite(number)) return special(number);
    return number.toExponential(Math.min(precision, 100)).replace(/e([+-])(\d)$/, 'e$10$2');
  },
  b: (value) => {
    if (typeof value === 'boolean') return value ? '1' : '0';
    return integer(value, binary).toString(2);
  },
  o: (value) => integer(value, octal).toString(8),
  x: hex,
  X: (value) => hex(value).toUpperCase(),
};

function hex(value: Value): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return integer(value, hexadecimal).toString(16);
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

/** A value within a list or map as `%s` shows it: as the language writes it. */
function literal(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify(show(value))}`;
  if (value instanceof Timestamp) return `timestamp("${show(value)}")`;
  if (value instanceof Duration) return `duration("${show(value)}")`;
  if (typeof value === 'number' && Number.isFinite(value)) return value.toFixed(6);
  return show(value);
}

/** A value as `%s` shows it; keys of maps in order. */
function show(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isFinite(value) ? showDouble(value) : special(value);
  if (value instanceof UInt) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof Duration) return `${plain(Number(value.nanos) / 1e9)}s`;
  if (value instanceof TypeValue) return typeName(value.type);
  if (value instanceof ListValue) return `[${[...value].map(literal).join(', ')}]`;
  if (value instanceof MapValue) {
    const entries = [...value.keys()].map((key) => [literal(key), literal(value.get(key)!)] as const);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => `${key}:${each}`)
      .join(', ')}}`;
  }
  if (typeof value === 'object') {
    throw wrong(text, value);
  }
  return String(value);
}
