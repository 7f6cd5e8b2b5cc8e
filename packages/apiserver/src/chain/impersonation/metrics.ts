import { counters, histograms } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';

/** Whether it was allowed, as the metrics say it. */
export type Outcome = 'allowed' | 'denied';

/** Told how requests to act as another end, and of each question that is asked for them; times in seconds. */
export interface ImpersonationMetrics {
  /** `mode` is the one that allowed it, and empty where none did. */
  attempted(mode: string, outcome: Outcome, seconds: number): void;
  asked(mode: string, outcome: Outcome, seconds: number): void;
}

const buckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);

/** Counts and times of impersonation under upstream's names, apiserver_impersonation_* (https://kep.k8s.io/5284). */
export function impersonationMetrics(metrics: MetricsRegistry): ImpersonationMetrics {
  const observing = (name: string, what: string) => {
    const labels = ['mode', 'decision'] as const;
    const total = counters(metrics, {
      name: `apiserver_impersonation_${name}_total`,
      help: `${what}, by mode and decision.`,
      labels,
    });
    const duration = histograms(metrics, {
      name: `apiserver_impersonation_${name}_duration_seconds`,
      help: `${what}: seconds they took, by mode and decision.`,
      labels,
      buckets,
    });
    return (mode: string, decision: Outcome, seconds: number) => {
      total.of({ mode, decision }).inc();
      duration.of({ mode, decision }).observe(seconds);
    };
  };
  return {
    attempted: observing('attempts', 'Requests to act as another'),
    asked: observing('authorization_attempts', 'Questions whether a user may act as another'),
  };
}
