interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: Readonly<Record<string, number>>;
}

const numbered = (names: string, from: number) =>
  Object.fromEntries(names.split(' ').map((name, i) => [name, i + from]));

/** Minute, hour, day of month, month, day of week. */
const fields: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: numbered('jan feb mar apr may jun jul aug sep oct nov dec', 1) },
  { min: 0, max: 6, names: numbered('sun mon tue wed thu fri sat', 0) },
];

const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

const everyPrefix = '@every ';
const zonePrefix = /^(?:CRON_)?TZ=/;
const maxInt64 = 9_223_372_036_854_775_807n;

/** What is wrong with a schedule in cron's five fields or by name (`@daily`, `@every 1h`); undefined: nothing. */
export function scheduleError(schedule: string): string | undefined {
  if (schedule === '') return 'empty spec string';
  let text = schedule;
  if (zonePrefix.test(text)) {
    const space = text.indexOf(' ');
    const zone = text.slice(text.indexOf('=') + 1, space < 0 ? undefined : space);
    if (!isTimeZone(zone)) return `provided bad location ${zone}: unknown time zone ${zone}`;
    text = space < 0 ? '' : text.slice(space).trim();
  }
  if (text.startsWith('@')) return descriptorError(text);
  const given = text.split(/\s+/).filter((each) => each !== '');
  if (given.length !== fields.length) return `expected exactly 5 fields, found ${given.length}: [${given.join(' ')}]`;
  for (const [i, field] of given.entries()) {
    for (const range of field.split(',').filter((each) => each !== '')) {
      const error = rangeError(range, fields[i]!);
      if (error !== undefined) return error;
    }
  }
  return undefined;
}

/** Whether a name is one of the time zones of the IANA database that this process knows; empty is UTC. */
export function isTimeZone(name: string): boolean {
  if (name === '' || name === 'UTC') return true;
  // Offsets (`+01:00`) are not names of zones.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function descriptorError(text: string): string | undefined {
  if (descriptors.has(text)) return undefined;
  if (!text.startsWith(everyPrefix)) return `unrecognized descriptor: ${text}`;
  const error = durationError(text.slice(everyPrefix.length));
  return error === undefined ? undefined : `failed to parse duration ${text}: ${error}`;
}

/** What is wrong with a duration (`1h30m`), in the words of Go's parser. */
function durationError(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return undefined;
  let rest = unsigned;
  if (rest === '') return `time: invalid duration ${quoted}`;
  while (rest !== '') {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return `time: invalid duration ${quoted}`;
    rest = rest.slice(number.length);
    const unit = /^[^.\d]*/.exec(rest)![0];
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    if (!/^(?:ns|us|µs|μs|ms|s|m|h)$/.test(unit))
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    rest = rest.slice(unit.length);
  }
  return undefined;
}

/** What is wrong with one part of a field: a value or star, perhaps to another, perhaps in steps. */
function rangeError(text: string, bounds: Bounds): string | undefined {
  const [span = '', step, ...steps] = text.split('/');
  const [low = '', high, ...highs] = span.split('-');
  const isStar = low === '*' || low === '?';
  let start: Parsed = { value: bounds.min };
  let end: Parsed = { value: bounds.max };
  if (!isStar) {
    start = parsed(low, bounds.names);
    if (start.error !== undefined) return start.error;
    if (highs.length > 0) return `too many hyphens: ${text}`;
    end = high === undefined ? start : parsed(high, bounds.names);
    if (end.error !== undefined) return end.error;
  }
  if (steps.length > 0) return `too many slashes: ${text}`;
  let stride: Parsed = { value: 1 };
  if (step !== undefined) {
    stride = parsed(step, undefined);
    if (stride.error !== undefined) return stride.error;
    // From one value in steps goes to the end.
    if (!isStar && high === undefined) end = { value: bounds.max };
  }
  if (start.value < bounds.min) return `beginning of range (${start.value}) below minimum (${bounds.min}): ${text}`;
  if (end.value > bounds.max) return `end of range (${end.value}) above maximum (${bounds.max}): ${text}`;
  if (start.value > end.value) return `beginning of range (${start.value}) beyond end of range (${end.value}): ${text}`;
  return stride.value === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

type Parsed = { value: number; error?: undefined } | { error: string; value?: undefined };

function parsed(text: string, names: Bounds['names']): Parsed {
  const named = names && Object.hasOwn(names, text.toLowerCase()) ? names[text.toLowerCase()] : undefined;
  if (named !== undefined) return { value: named };
  const failed = (why: string) => ({
    error: `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`,
  });
  if (!/^[+-]?\d+$/.test(text)) return failed('invalid syntax');
  const value = BigInt(text.replace('+', ''));
  if (value > maxInt64 || value < -maxInt64 - 1n) return failed('value out of range');
  return value < 0n ? { error: `negative number (${value}) not allowed: ${text}` } : { value: Number(value) };
}
