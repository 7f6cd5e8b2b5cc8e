import { EvaluationError } from '../evaluate/failure.ts';
import { Duration, Timestamp } from '../values.ts';

const second = 1_000_000_000n;
const first = BigInt(new Date('0001-01-01T00:00:00Z').getTime()) * 1_000_000n;
const last = BigInt(new Date('9999-12-31T23:59:59Z').getTime()) * 1_000_000n + second - 1n;

/** A timestamp within the years 1 to 9999, or the error of upstream. */
export function checkedTimestamp(nanos: bigint): Timestamp {
  if (nanos < first || nanos > last) throw new EvaluationError('timestamp overflow');
  return new Timestamp(nanos);
}

/** A duration of an int64 of nanoseconds, or the error of upstream. */
export function checkedDuration(nanos: bigint): Duration {
  if (BigInt.asIntN(64, nanos) !== nanos) throw new EvaluationError('duration overflow');
  return new Duration(nanos);
}
