import { median } from '../processes.ts';

/** How much is asked of each server. */
export const load = { objects: 5000, clients: 32, lists: 15, watchers: 200, updates: 500 };

/** What one phase measured. `better` says which way is good. */
export interface Figures {
  readonly [name: string]: number;
}

/** The middle and the 99th percentile, in milliseconds. */
export function percentiles(times: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const round = (ms = 0): number => Math.round(ms * 100) / 100;
  return { p50Ms: round(median(sorted)), p99Ms: round(sorted[Math.floor((sorted.length - 1) * 0.99)]) };
}
