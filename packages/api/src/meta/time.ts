/*
 * Times travel as RFC 3339 text: seconds in UTC for metav1.Time, microseconds for MicroTime. In code they are milliseconds since the
 * epoch; durations are milliseconds, with fractions down to nanoseconds.
 */

/** The time now as metav1.Time: `2026-01-31T08:00:00Z`. */
export function now(): string {
  return formatTime(Date.now());
}

/** The time now as MicroTime: `2026-01-31T08:00:00.123456Z`. */
export function microNow(): string {
  return formatMicroTime(performance.timeOrigin + performance.now());
}

/** A metav1.Time of milliseconds since the epoch; fractions of a second are cut off. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A MicroTime of milliseconds since the epoch, with up to three decimals. */
export function formatMicroTime(ms: number): string {
  const whole = Math.floor(ms);
  const micros = Math.floor((ms - whole) * 1000);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|([+-])(\d{2}):(\d{2}))$/;
const layout = '2006-01-02T15:04:05Z07:00';

/** Milliseconds since the epoch of an RFC 3339 time; throws with Go's text on anything else. */
export function parseTime(text: string): number {
  const match = rfc3339.exec(text);
  if (!match) throw new Error(timeError(text));
  const [, year, month, day, hour, minute, second, fraction, , sign, offsetHours, offsetMinutes] = match;
  const range = (what: string): Error => new Error(`parsing time ${JSON.stringify(text)}: ${what} out of range`);
  if (+month! < 1 || +month! > 12) throw range('month');
  if (+hour! > 23) throw range('hour');
  if (+minute! > 59) throw range('minute');
  if (+second! > 59) throw range('second');
  if (+day! < 1 || +day! > daysIn(+year!, +month!)) throw range('day');
  if (offsetHours !== undefined && (+offsetHours > 24 || +offsetMinutes! > 60)) throw range('time zone offset hour');
  // Date.UTC would read years below 100 as 19xx.
  const date = new Date(0);
  date.setUTCFullYear(+year!, +month! - 1, +day!);
  date.setUTCHours(+hour!, +minute!, +second!);
  const fractionMs = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000;
  const offset =
    offsetHours === undefined ? 0 : (sign === '-' ? -1 : 1) * (+offsetHours * 60 + +offsetMinutes!) * 60_000;
  return date.getTime() + fractionMs - offset;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const layoutSteps: readonly [RegExp, string][] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01'],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{2}/, '15'],
  [/^:/, ':'],
  [/^\d{2}/, '04'],
  [/^:/, ':'],
  [/^\d{2}(?:[.,]\d+)?/, '05'],
  [/^(?:Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
];

/** Where in the layout the text stops fitting, in Go's words. */
function timeError(text: string): string {
  let rest = text;
  for (const [pattern, element] of layoutSteps) {
    const match = pattern.exec(rest);
    if (!match) {
      return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
    }
    rest = rest.slice(match[0].length);
  }
  return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`;
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a Go duration (`1h30m`, `1.5s`, `-2ms`, `0`); throws with Go's text on anything else. */
export function parseDuration(text: string): number {
  const bad = (): Error => new Error(`time: invalid duration ${JSON.stringify(text)}`);
  const sign = text.startsWith('-') ? -1 : 1;
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === '0') return 0;
  if (rest === '') throw bad();
  let total = 0;
  while (rest !== '') {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) throw bad();
    rest = rest.slice(number.length);
    const unit = /^[^.\d]+/.exec(rest)?.[0];
    if (unit === undefined) throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const scale = unitsMs[unit];
    if (scale === undefined) {
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    }
    total += Number(number) * scale;
    rest = rest.slice(unit.length);
  }
  if (total > 9_223_372_036_854.775) throw bad();
  return sign * total;
}

/** A duration as Go prints it: `1h30m0s`, `1.5s`, `100ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const nanos = Math.round(Math.abs(ms) * 1e6);
  if (nanos < 1e3) return `${sign}${nanos}ns`;
  if (nanos < 1e6) return `${sign}${decimal(nanos, 1e3, 3)}µs`;
  if (nanos < 1e9) return `${sign}${decimal(nanos, 1e6, 6)}ms`;
  const minutes = Math.floor(nanos / 60e9);
  const seconds = `${decimal(nanos - minutes * 60e9, 1e9, 9)}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

/** `nanos / unit` exactly, without trailing zeros. */
function decimal(nanos: number, unit: number, digits: number): string {
  const whole = Math.floor(nanos / unit);
  const rest = String(Math.round(nanos - whole * unit))
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return rest === '' ? String(whole) : `${whole}.${rest}`;
}

/** An age as kubectl's tables show it: two units at most, coarser the older (`45s`, `3m20s`, `5h`, `2d3h`). */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  // Clocks of two machines may differ a little: an age just below zero is no error.
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 24 * 8) return pair(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  return hours < 24 * 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

/** An age in one unit (`59s`, `3m`, `5h`, `2d`, `1y`). */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  const hours = Math.floor(seconds / 3600);
  if (hours < 24) return `${hours}h`;
  return hours < 24 * 365 ? `${Math.floor(hours / 24)}d` : `${Math.floor(hours / 24 / 365)}y`;
}

const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
