import { monitorEventLoopDelay } from 'node:perf_hooks';
import { scraped } from '@coracle/process/series';
import type { Registry } from 'prom-client';

/** Shows how long the event loop was held: what one request costs all others. */
export function observeEventLoop(metrics: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  scraped(metrics, {
    name: 'coracle_event_loop_hold_seconds',
    help: 'Longest time the event loop was held since the last scrape.',
    type: 'gauge',
    read() {
      const value = Math.max(0, delay.max / 1e9 - 0.01);
      delay.reset();
      return [{ labels: {}, value }];
    },
  });
}
