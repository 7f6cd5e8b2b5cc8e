import { formatDuration } from '@coracle/api/meta/time';
import type { Flag } from './flags.ts';

// biome-ignore lint/suspicious/noExplicitAny: flags of every value type live in one record.
type AnyFlags = Readonly<Record<string, Flag<any>>>;

/** The values of flags as text, by name, in the form pflag gives them: `5m0s`, `[a,b]`, `a=1,b=2`. */
export function flagTexts(flags: AnyFlags, values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, textOf(type, values[name])]));
}

function textOf(type: string, value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(',')}]`;
  if (typeof value === 'number') return type === 'duration' ? formatDuration(value) : String(value);
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  return Object.entries(value)
    .map(([key, each]) => `${key}=${each}`)
    .sort()
    .join(',');
}
