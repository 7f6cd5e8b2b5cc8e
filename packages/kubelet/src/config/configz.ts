import { formatDuration } from '@coracle/api/meta/time';
import type { KubeletConfiguration } from './kubelet-configuration.ts';

/** The configuration in force as users write it: durations as texts again. */
export function configText(config: KubeletConfiguration): unknown {
  return texts(config, '');
}

const durations = /(Frequency|Timeout|TTL|Period|Interval)$/;

function texts(value: unknown, name: string): unknown {
  if (typeof value === 'number' && durations.test(name)) return formatDuration(value);
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, texts(inner, key)]));
}
