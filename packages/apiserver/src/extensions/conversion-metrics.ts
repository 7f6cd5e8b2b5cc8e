import { counters, histograms } from '@coracle/process/series';
import type { Registry } from 'prom-client';
import { type RestObserver, restClientMetrics } from '../webhooks/rest-metrics.ts';

/** Why a conversion failed: the webhook was not reached, answered with an error, or with what is no answer. */
export type ConversionFailure =
  | 'conversion_webhook_call_failure'
  | 'conversion_webhook_malformed_response_failure'
  | 'conversion_webhook_partial_response_failure'
  | 'conversion_webhook_invalid_converted_object_failure';

/** Told of each question to a conversion webhook. */
export interface ConversionMetrics {
  /** A request to a webhook is over. */
  readonly sent: RestObserver;
  converted(crd: string, from: string, to: string, seconds: number, failure: ConversionFailure | undefined): void;
}

/** Counts and times of conversion webhooks, under upstream's metric names. */
export function conversionMetrics(metrics: Registry): ConversionMetrics {
  const outcome = ['result', 'failure_type'] as const;
  const requests = counters(metrics, {
    name: 'apiserver_conversion_webhook_request_total',
    help: 'Questions to conversion webhooks, by what came of them.',
    labels: outcome,
  });
  const duration = histograms(metrics, {
    name: 'apiserver_conversion_webhook_duration_seconds',
    help: 'Seconds a question to a conversion webhook took.',
    labels: outcome,
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60],
  });
  const byDefinition = histograms(metrics, {
    name: 'apiserver_crd_conversion_webhook_duration_seconds',
    help: 'Seconds a question to a conversion webhook took, by definition and versions.',
    labels: ['crd_name', 'from_version', 'to_version', 'succeeded'],
    buckets: Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i),
  });
  return {
    sent: restClientMetrics(metrics),
    converted(crd, from, to, seconds, failure) {
      const labels = { result: failure ? 'failure' : 'success', failure_type: failure ?? '' };
      requests.of(labels).inc();
      duration.of(labels).observe(seconds);
      byDefinition
        .of({ crd_name: crd, from_version: from, to_version: to, succeeded: String(failure === undefined) })
        .observe(seconds);
    },
  };
}
