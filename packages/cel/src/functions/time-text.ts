import { EvaluationError } from '../evaluate/failure.ts';
import type { Duration, Timestamp } from '../values.ts';
import { checkedDuration, checkedTimestamp } from './time-range.ts';

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Reads a duration in Go's notation (`1h30m`, `-1.5s`). Throws EvaluationError. */
export function readDuration(text: string): Duration {
  const bad = () => new EvaluationError("type conversion error from 'string' to 'google.protobuf.Duration'");
  const [, sign, body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return checkedDuration(0n);
  if (body === '') throw bad();
  let nanos = 0n;
  let at = 0;
  for (const [all, whole = '', fraction = '', unit = ''] of body.matchAll(
    /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/gy,
  )) {
    if (whole === '' && fraction === '') throw bad();
    at += all.length;
    const scale = units[unit]!;
    nanos += BigInt(whole === '' ? 0 : whole) * scale;
    if (fraction !== '') nanos += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  if (at !== body.length) throw bad();
  return checkedDuration(sign === '-' ? -nanos : nanos);
}

const timestamp = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/;

/** Reads a time in RFC 3339. Throws EvaluationError. */
export function readTimestamp(text: string): Timestamp {
  const found = timestamp.exec(text);
  const [, year, month, day, hour, minute, second, fraction = '', zone = ''] = found ?? [];
  const ms = found ? new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`).getTime() : Number.NaN;
  const daysOf = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  if (Number.isNaN(ms) || Number(hour) > 23 || Number(day) > daysOf) {
    throw new EvaluationError(`invalid RFC 3339 timestamp ${JSON.stringify(text)}`);
  }
  return checkedTimestamp(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}

/** A time in RFC 3339, in UTC, with as many digits of a second as it has. */
export function formatTimestamp(nanos: bigint): string {
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const text = new Date(Number((nanos - rest) / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${text}${fraction}Z`;
}
