import { sizeOf, traversal } from '../cost/factors.ts';
import { add, exactly, scale } from '../cost/range.ts';
import { equal, finder } from '../evaluate/equality.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import {
  ArrayList,
  type Duration,
  JoinedList,
  type ListValue,
  MapValue,
  type Timestamp,
  UInt,
  type Value,
} from '../values.ts';
import { type Library, overload } from './overload.ts';
import { checkedDuration, checkedTimestamp } from './time-range.ts';

/** An int64, or the error of upstream. */
export function int(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new EvaluationError('integer overflow');
  return value;
}

/** A uint64, or the error of upstream. */
export function uint(value: bigint): UInt {
  if (BigInt.asUintN(64, value) !== value) throw new EvaluationError('unsigned integer overflow');
  return new UInt(value);
}

function nonZero(value: bigint, what: string): bigint {
  if (value === 0n) throw new EvaluationError(what);
  return value;
}

const joining: Parameters<typeof overload>[3] = {
  cost: ([a, b]) => Math.ceil((sizeOf(a!) + sizeOf(b!)) * traversal),
  estimate: ([a, b]) => {
    const size = add(a!.size, b!.size);
    return { cost: scale(size, traversal), size };
  },
};

/** `+ - * / %` and the minus sign (https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions). */
export const arithmetic: Library = {
  '_+_': [
    overload('add_int64', '(int, int) int', (a: bigint, b: bigint) => int(a + b)),
    overload('add_uint64', '(uint, uint) uint', (a: UInt, b: UInt) => uint(a.value + b.value)),
    overload('add_double', '(double, double) double', (a: number, b: number) => a + b),
    overload('add_string', '(string, string) string', (a: string, b: string) => a + b, joining),
    overload(
      'add_bytes',
      '(bytes, bytes) bytes',
      (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b]),
      joining,
    ),
    overload('add_list', '(list(T), list(T)) list(T)', joinLists, {
      estimate: ([a, b]) => ({ cost: exactly(1), size: add(a!.size, b!.size) }),
    }),
    overload('add_timestamp_duration', '(timestamp, duration) timestamp', (a: Timestamp, b: Duration) =>
      checkedTimestamp(a.nanos + b.nanos),
    ),
    overload('add_duration_timestamp', '(duration, timestamp) timestamp', (a: Duration, b: Timestamp) =>
      checkedTimestamp(a.nanos + b.nanos),
    ),
    overload('add_duration_duration', '(duration, duration) duration', (a: Duration, b: Duration) =>
      checkedDuration(a.nanos + b.nanos),
    ),
  ],
  '_-_': [
    overload('subtract_int64', '(int, int) int', (a: bigint, b: bigint) => int(a - b)),
    overload('subtract_uint64', '(uint, uint) uint', (a: UInt, b: UInt) => uint(a.value - b.value)),
    overload('subtract_double', '(double, double) double', (a: number, b: number) => a - b),
    overload('subtract_timestamp_timestamp', '(timestamp, timestamp) duration', (a: Timestamp, b: Timestamp) =>
      checkedDuration(a.nanos - b.nanos),
    ),
    overload('subtract_timestamp_duration', '(timestamp, duration) timestamp', (a: Timestamp, b: Duration) =>
      checkedTimestamp(a.nanos - b.nanos),
    ),
    overload('subtract_duration_duration', '(duration, duration) duration', (a: Duration, b: Duration) =>
      checkedDuration(a.nanos - b.nanos),
    ),
  ],
  '_*_': [
    overload('multiply_int64', '(int, int) int', (a: bigint, b: bigint) => int(a * b)),
    overload('multiply_uint64', '(uint, uint) uint', (a: UInt, b: UInt) => uint(a.value * b.value)),
    overload('multiply_double', '(double, double) double', (a: number, b: number) => a * b),
  ],
  '_/_': [
    overload('divide_int64', '(int, int) int', (a: bigint, b: bigint) => int(a / nonZero(b, 'division by zero'))),
    overload('divide_uint64', '(uint, uint) uint', (a: UInt, b: UInt) =>
      uint(a.value / nonZero(b.value, 'division by zero')),
    ),
    overload('divide_double', '(double, double) double', (a: number, b: number) => a / b),
  ],
  '_%_': [
    overload('modulo_int64', '(int, int) int', (a: bigint, b: bigint) => int(a % nonZero(b, 'modulus by zero'))),
    overload('modulo_uint64', '(uint, uint) uint', (a: UInt, b: UInt) =>
      uint(a.value % nonZero(b.value, 'modulus by zero')),
    ),
  ],
  '-_': [
    overload('negate_int64', '(int) int', (a: bigint) => int(-a)),
    overload('negate_double', '(double) double', (a: number) => -a),
  ],
};

/** Sets take in what they have not; items of associative lists replace those with their keys; other lists are appended. */
function joinLists(a: ListValue, b: ListValue): ListValue {
  const { identity } = a;
  if (!identity) return JoinedList.of(a, b);
  const same = (left: Value, right: Value) =>
    identity.is === 'set' ? equal(left, right) : identity.keys.every((key) => sameField(left, right, key));
  const inAdded = finder(b, identity, same);
  const kept = [...a].map((item) => inAdded(item) ?? item);
  const inKept = finder(kept, identity, same);
  return new ArrayList([...kept, ...[...b].filter((each) => inKept(each) === undefined)], identity);
}

function sameField(a: Value, b: Value, key: string): boolean {
  if (!(a instanceof MapValue) || !(b instanceof MapValue)) return false;
  const left = a.get(key);
  const right = b.get(key);
  return left === undefined || right === undefined ? left === right : equal(left, right);
}
