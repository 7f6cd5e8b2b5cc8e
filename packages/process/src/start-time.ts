import type { Registry } from 'prom-client';
import { scraped } from './series.ts';

/** The header of pages of metrics that says since when counters count, in Unix time. */
export const startTime = { name: 'Process-Start-Time-Unix', value: String(Math.floor(performance.timeOrigin / 1000)) };

/** Shows since when counters count as a metric. */
export function showStartTime(registry: Registry): void {
  scraped(registry, {
    name: 'process_start_time_seconds',
    help: 'When the process started, in Unix time.',
    type: 'gauge',
    read: () => [{ labels: {}, value: performance.timeOrigin / 1000 }],
  });
}
