import { defaultSeconds } from '@coracle/process/series';
import { Counter, Histogram, type Registry } from 'prom-client';
import { type RestObserver, restClientMetrics } from '../../webhooks/rest-metrics.ts';

/** Told how authorization webhooks are called, and what they decide. */
export interface WebhookAuthorizerMetrics {
  /** A request to a webhook is over. */
  readonly sent: RestObserver;
  /** `result`: success, error or timeout. */
  called(name: string, result: string, seconds: number): void;
  failedOpen(name: string): void;
  /** Match conditions left a question out. */
  excluded(name: string): void;
  /** Match conditions could not tell. */
  conditionFailed(name: string): void;
}

/** Counts and times of authorization webhooks, under upstream's metric names. */
export function webhookAuthorizerMetrics(metrics: Registry): WebhookAuthorizerMetrics {
  const registers = [metrics];
  const evaluations = new Counter({
    name: 'apiserver_authorization_webhook_evaluations_total',
    help: 'Calls of authorization webhooks, by result.',
    labelNames: ['name', 'result'],
    registers,
  });
  const open = new Counter({
    name: 'apiserver_authorization_webhook_evaluations_fail_open_total',
    help: 'Calls of authorization webhooks that failed and count as no opinion.',
    labelNames: ['name', 'result'],
    registers,
  });
  const duration = new Histogram({
    name: 'apiserver_authorization_webhook_duration_seconds',
    help: 'Seconds a call of an authorization webhook took.',
    labelNames: ['name', 'result'],
    buckets: [...defaultSeconds],
    registers,
  });
  const excluded = new Counter({
    name: 'apiserver_authorization_match_condition_exclusions_total',
    help: 'Questions that match conditions left out.',
    labelNames: ['type', 'name'],
    registers,
  });
  const conditionErrors = new Counter({
    name: 'apiserver_authorization_match_condition_evaluation_errors_total',
    help: 'Questions of which match conditions could not tell.',
    labelNames: ['type', 'name'],
    registers,
  });
  return {
    sent: restClientMetrics(metrics),
    called(name, result, seconds) {
      evaluations.inc({ name, result });
      duration.observe({ name, result }, seconds);
    },
    failedOpen: (name) => open.inc({ name, result: 'error' }),
    excluded: (name) => excluded.inc({ type: 'Webhook', name }),
    conditionFailed: (name) => conditionErrors.inc({ type: 'Webhook', name }),
  };
}
