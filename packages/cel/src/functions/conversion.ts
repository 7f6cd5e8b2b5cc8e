import { readBool } from '@coracle/api/meta/parse-bool';
import { typeOf } from '../check/type.ts';
import { reading, traversal } from '../cost/factors.ts';
import { scale } from '../cost/range.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { plain, showDouble } from '../evaluate/show.ts';
import { Duration, Timestamp, TypeValue, UInt, type Value } from '../values.ts';
import { int, uint } from './arithmetic.ts';
import { type Library, overload } from './overload.ts';
import { formatTimestamp, readDuration, readTimestamp } from './time-text.ts';

const second = 1_000_000_000n;

function fromDouble(value: number, low: number, high: number): bigint {
  if (!(value > low && value < high))
    throw new EvaluationError(low < 0 ? 'integer overflow' : 'unsigned integer overflow');
  return BigInt(Math.trunc(value));
}

const unreadable = (type: string) => new EvaluationError(`type conversion error from 'string' to '${type}'`);

function readInt(text: string, kind: 'int' | 'uint'): bigint {
  const pattern = kind === 'int' ? /^[+-]?\d+$/ : /^\d+$/;
  if (!pattern.test(text)) throw unreadable(kind);
  const value = BigInt(text.replace(/^\+/, ''));
  const fits = kind === 'int' ? BigInt.asIntN(64, value) === value : BigInt.asUintN(64, value) === value;
  if (fits) return value;
  throw unreadable(kind);
}

function readDouble(text: string): number {
  if (/^[+-]?(inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    throw unreadable('double');
  }
  return Number(text);
}

function boolOf(text: string): boolean {
  const value = readBool(text);
  if (value !== undefined) return value;
  throw unreadable('bool');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

const same = (value: Value): Value => value;

/** Conversions between types, and `type()` and `dyn()`. */
export const conversion: Library = {
  int: [
    overload('int64_to_int64', '(int) int', same),
    overload('uint64_to_int64', '(uint) int', ({ value }: UInt) => int(value)),
    overload('double_to_int64', '(double) int', (value: number) => fromDouble(value, -(2 ** 63), 2 ** 63)),
    overload('string_to_int64', '(string) int', (text: string) => readInt(text, 'int')),
    overload('timestamp_to_int64', '(timestamp) int', ({ nanos }: Timestamp) => seconds(nanos)),
    overload('duration_to_int64', '(duration) int', ({ nanos }: Duration) => nanos),
  ],
  uint: [
    overload('uint64_to_uint64', '(uint) uint', same),
    overload('int64_to_uint64', '(int) uint', (value: bigint) => uint(value)),
    overload('double_to_uint64', '(double) uint', (value: number) => new UInt(fromDouble(value, -1, 2 ** 64))),
    overload('string_to_uint64', '(string) uint', (text: string) => new UInt(readInt(text, 'uint'))),
  ],
  double: [
    overload('double_to_double', '(double) double', same),
    overload('int64_to_double', '(int) double', (value: bigint) => Number(value)),
    overload('uint64_to_double', '(uint) double', ({ value }: UInt) => Number(value)),
    overload('string_to_double', '(string) double', readDouble),
  ],
  string: [
    overload('string_to_string', '(string) string', same),
    overload('bool_to_string', '(bool) string', (value: boolean) => String(value)),
    overload('int64_to_string', '(int) string', (value: bigint) => String(value)),
    overload('uint64_to_string', '(uint) string', ({ value }: UInt) => String(value)),
    overload('double_to_string', '(double) string', showDouble),
    overload('bytes_to_string', '(bytes) string', decode, {
      cost: ([bytes]) => reading(bytes!),
      estimate: ([bytes]) => ({
        cost: scale(bytes!.size, traversal),
        size: { min: bytes!.size.min / 4n, max: bytes!.size.max },
      }),
    }),
    overload('timestamp_to_string', '(timestamp) string', ({ nanos }: Timestamp) => formatTimestamp(nanos)),
    overload('duration_to_string', '(duration) string', ({ nanos }: Duration) => `${plain(Number(nanos) / 1e9)}s`),
  ],
  bytes: [
    overload('bytes_to_bytes', '(bytes) bytes', same),
    overload('string_to_bytes', '(string) bytes', (text: string) => new TextEncoder().encode(text), {
      cost: ([text]) => reading(text!),
      estimate: ([text]) => ({
        cost: scale(text!.size, traversal),
        size: scale({ min: text!.size.min, max: text!.size.max * 4n }, 1),
      }),
    }),
  ],
  bool: [overload('bool_to_bool', '(bool) bool', same), overload('string_to_bool', '(string) bool', boolOf)],
  timestamp: [
    overload('timestamp_to_timestamp', '(timestamp) timestamp', same),
    overload('string_to_timestamp', '(string) timestamp', readTimestamp),
    overload('int64_to_timestamp', '(int) timestamp', (value: bigint) => new Timestamp(value * second)),
  ],
  duration: [
    overload('duration_to_duration', '(duration) duration', same),
    overload('string_to_duration', '(string) duration', readDuration),
    overload('int64_to_duration', '(int) duration', (value: bigint) => new Duration(value)),
  ],
  dyn: [overload('to_dyn', '(A) dyn', same)],
  type: [overload('type', '(A) type(A)', (value: Value) => new TypeValue(typeOf(value)))],
};

/** Whole seconds, rounded down. */
function seconds(nanos: bigint): bigint {
  const whole = nanos / second;
  return nanos < 0n && nanos % second !== 0n ? whole - 1n : whole;
}
