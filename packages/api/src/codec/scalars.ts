import { Quantity } from '../meta/quantity.ts';
import { formatDuration, formatMicroTime, formatTime, parseDuration, parseTime } from '../meta/time.ts';
import type { ScalarName } from '../schema.ts';
import { isBase64 } from './base64.ts';
import { DecodeError, goValueMismatch, jsonKind, type Trail } from './decode-error.ts';
import { encodeJson } from './json.ts';

/** Decodes a JSON value that is not null; returns it in the form upstream would write it, or throws a DecodeError. */
export type Decode = (value: unknown, trail: Trail) => unknown;

/** What a scalar is called in Go, for error texts. */
export const goScalar: Readonly<Record<ScalarName, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  duration: 'v1.Duration',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  any: 'runtime.RawExtension',
};

/** The value a scalar that was not set has in Go; undefined where none is written. */
export const zeroScalar: Readonly<Partial<Record<ScalarName, unknown>>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: '',
  quantity: '0',
  intOrString: 0,
};

/** Runs a parser whose error text upstream passes on as it is. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new DecodeError((error as Error).message);
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw goValueMismatch(jsonKind(value), 'string');
  return value;
}

function isInt32(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value;
}

const numberText = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'bigint' ? `number ${value}` : jsonKind(value);

const canonicalSeconds = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const canonicalMicros = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;

function decodeBytes(value: unknown, trail: Trail): string {
  if (Array.isArray(value)) {
    if (!value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255))
      throw trail.mismatch('array', 'uint8');
    return Buffer.from(value as number[]).toString('base64');
  }
  if (typeof value !== 'string') throw trail.mismatch(jsonKind(value), '[]uint8');
  if (isBase64(value)) return value;
  const joined = value.replace(/[\r\n]/g, '');
  if (isBase64(joined)) return joined;
  throw new DecodeError(`illegal base64 data at input byte ${base64ErrorAt(value)}`);
}

const digitsOf64 = new Set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** Where Go's decoder gives up. */
function base64ErrorAt(value: string): number {
  let inGroup = 0;
  let at = 0;
  for (; at < value.length; at++) {
    const c = value[at]!;
    if (c === '\r' || c === '\n') continue;
    if (c === '=') {
      const padding = /^=[\r\n]*=/.exec(value.slice(at));
      if (inGroup < 2) return at;
      if (inGroup === 2 && !padding) return value.length;
      const end = inGroup === 2 ? at + padding![0].length : at + 1;
      return end + /^[\r\n]*/.exec(value.slice(end))![0].length;
    }
    if (!digitsOf64.has(c)) return at;
    inGroup = (inGroup + 1) % 4;
  }
  return at - inGroup;
}

/** The decoder of each scalar type. */
export const decodeScalar: Readonly<Record<ScalarName, Decode>> = {
  string(value, trail) {
    if (typeof value !== 'string') throw trail.mismatch(jsonKind(value), 'string');
    return value;
  },
  bool(value, trail) {
    if (typeof value !== 'boolean') throw trail.mismatch(jsonKind(value), 'bool');
    return value;
  },
  int32(value, trail) {
    if (!isInt32(value)) throw trail.mismatch(numberText(value), 'int32');
    return value;
  },
  int64(value, trail) {
    if (Number.isSafeInteger(value)) return value;
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
    throw trail.mismatch(numberText(value), 'int64');
  },
  double(value, trail) {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number !== 'number') throw trail.mismatch(jsonKind(value), 'float64');
    if (!Number.isFinite(number)) throw trail.mismatch(`number ${number}`, 'float64');
    return number;
  },
  bytes: decodeBytes,
  time(value) {
    const source = text(value);
    const ms = parsed(() => parseTime(source));
    return canonicalSeconds.test(source) ? source : formatTime(ms);
  },
  microTime(value) {
    const source = text(value);
    const ms = parsed(() => parseTime(source));
    return canonicalMicros.test(source) ? source : formatMicroTime(ms);
  },
  duration(value) {
    const source = text(value);
    return parsed(() => formatDuration(parseDuration(source)));
  },
  quantity(value) {
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
    return parsed(() => Quantity.parse(plain ? value : encodeJson(value))).toString();
  },
  intOrString(value) {
    if (typeof value === 'string' || isInt32(value)) return value;
    throw goValueMismatch(numberText(value), 'int32');
  },
  any: (value) => value,
};
