import { EvaluationError } from '../evaluate/failure.ts';
import type { Duration, Timestamp } from '../values.ts';
import { type Library, type Overload, overload } from './overload.ts';

/** A time's fields in a zone, read from a Date whose UTC fields are the zone's own. */
type Field = (local: Date, nanos: bigint) => number;

function getter(name: string, field: Field, ofDuration?: (nanos: bigint) => bigint): Overload[] {
  const get = ({ nanos }: Timestamp, zone = 'UTC') => BigInt(field(localTime(nanos, zone), nanos));
  return [
    overload(`timestamp_to_${name}`, 'timestamp.() int', get),
    overload(`timestamp_to_${name}_with_tz`, 'timestamp.(string) int', get),
    ...(ofDuration
      ? [overload(`duration_to_${name}`, 'duration.() int', ({ nanos }: Duration) => ofDuration(nanos))]
      : []),
  ];
}

const day = 86_400_000;

/** The parts of times and durations. */
export const time: Library = {
  getFullYear: getter('year', (local) => local.getUTCFullYear()),
  getMonth: getter('month', (local) => local.getUTCMonth()),
  getDayOfYear: getter('day_of_year', (local) => Math.floor((local.getTime() - startOfYear(local)) / day)),
  getDayOfMonth: getter('day_of_month', (local) => local.getUTCDate() - 1),
  getDate: getter('day_of_month_1_based', (local) => local.getUTCDate()),
  getDayOfWeek: getter('day_of_week', (local) => local.getUTCDay()),
  getHours: getter(
    'hours',
    (local) => local.getUTCHours(),
    (nanos) => nanos / 3_600_000_000_000n,
  ),
  getMinutes: getter(
    'minutes',
    (local) => local.getUTCMinutes(),
    (nanos) => nanos / 60_000_000_000n,
  ),
  getSeconds: getter(
    'seconds',
    (local) => local.getUTCSeconds(),
    (nanos) => nanos / 1_000_000_000n,
  ),
  getMilliseconds: getter(
    'milliseconds',
    (_, nanos) => Number((((nanos / 1_000_000n) % 1000n) + 1000n) % 1000n),
    (nanos) => (nanos / 1_000_000n) % 1000n,
  ),
};

function startOfYear(local: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(local.getUTCFullYear(), 0, 1);
  return start.getTime();
}

/** A Date whose UTC fields are those of the time in a zone: a name (`Europe/Berlin`), or an offset (`-08:00`). */
function localTime(nanos: bigint, zone: string): Date {
  const ms = Number((nanos - (((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n);
  if (zone === 'UTC') return new Date(ms);
  const offset = /^([+-]?)(\d\d?):(\d\d)$/.exec(zone);
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(ms + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(ms);
    const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
    return new Date(
      Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')),
    );
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`);
  }
}
