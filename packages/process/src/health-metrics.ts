import { Registry } from 'prom-client';
import { counters, gauges } from './series.ts';
import { showStartTime } from './start-time.ts';

/** What health checks find, as `/metrics/slis` shows it (https://kubernetes.io/docs/reference/instrumentation/slis/). */
export interface HealthMetrics {
  readonly registry: Registry;
  /** `type` is the endpoint that was asked: `healthz`, `livez`, `readyz`. */
  observe(type: string, check: string, passed: boolean): void;
}

/** A registry of its own for what health checks find. */
export function healthMetrics(): HealthMetrics {
  const registry = new Registry();
  showStartTime(registry);
  const state = gauges(registry, {
    name: 'kubernetes_healthcheck',
    help: 'What a health check found last: 1 where it passed.',
    labels: ['name', 'type'],
  });
  const total = counters(registry, {
    name: 'kubernetes_healthchecks_total',
    help: 'What health checks found so far, by result.',
    labels: ['name', 'type', 'status'],
  });
  return {
    registry,
    observe(type, name, passed) {
      state.of({ name, type }).value = passed ? 1 : 0;
      total.of({ name, type, status: passed ? 'success' : 'error' }).inc();
    },
  };
}
