import { Counter, Histogram, type Registry } from 'prom-client';
import { restClientMetrics } from '../../webhooks/rest-metrics.ts';
import type { WebhookMetrics } from './hooks.ts';

/** Counts and times of admission webhooks, under upstream's metric names. */
export function webhookMetrics(metrics: Registry): WebhookMetrics {
  const registers = [metrics];
  const prefix = 'apiserver_admission_webhook';
  const duration = new Histogram({
    name: `${prefix}_admission_duration_seconds`,
    help: 'Seconds a call of an admission webhook took, by webhook and operation.',
    labelNames: ['name', 'type', 'operation', 'rejected'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
    registers,
  });
  const requests = new Counter({
    name: `${prefix}_request_total`,
    help: 'Calls of admission webhooks, by webhook, operation and code of the answer.',
    labelNames: ['name', 'type', 'operation', 'code', 'rejected'],
    registers,
  });
  const rejections = new Counter({
    name: `${prefix}_rejection_count`,
    help: 'Requests that an admission webhook refused, or that were refused because it could not be asked.',
    labelNames: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
    registers,
  });
  const open = new Counter({
    name: `${prefix}_fail_open_count`,
    help: 'Requests that went on though an admission webhook could not be asked.',
    labelNames: ['name', 'type'],
    registers,
  });
  const excluded = new Counter({
    name: 'apiserver_admission_match_condition_exclusions_total',
    help: 'Requests that match conditions left out.',
    labelNames: ['name', 'kind', 'type', 'operation'],
    registers,
  });
  const conditionErrors = new Counter({
    name: 'apiserver_admission_match_condition_evaluation_errors_total',
    help: 'Requests of which match conditions could not tell.',
    labelNames: ['name', 'kind', 'type', 'operation'],
    registers,
  });
  // Webhooks choose the codes: beyond this they are one, so that they cannot make series without end.
  const bounded = (code: number) => String(Math.min(code, 600));
  return {
    sent: restClientMetrics(metrics),
    called({ name, type, operation, code, rejected, seconds }) {
      duration.observe({ name, type, operation, rejected: String(rejected) }, seconds);
      requests.inc({ name, type, operation, code: bounded(code), rejected: String(rejected) });
    },
    rejected({ name, type, operation, why, code }) {
      rejections.inc({ name, type, operation, error_type: why, rejection_code: bounded(code) });
    },
    failedOpen: (labels) => open.inc(labels),
    excluded: (labels) => excluded.inc({ ...labels, kind: 'webhook' }),
    conditionFailed: (labels) => conditionErrors.inc({ ...labels, kind: 'webhook' }),
  };
}
