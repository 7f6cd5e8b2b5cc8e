import { counters, defaultSeconds, gauges, histograms } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';

/** Told what is asked of remembered answers about tokens. */
export interface TokenCacheMetrics {
  /** An answer was needed; `seconds` until it was there. */
  asked(isKnown: boolean, seconds: number): void;
  /** What knows tokens is asked; returns what is told of the end. */
  fetching(): (isAnswered: boolean) => void;
  /** Somebody waits for such an answer; returns what is told of the end. */
  waiting(): () => void;
}

/** What remembered answers about tokens are good for, under upstream's names, authentication_token_cache_*. */
export function tokenCacheMetrics(metrics: MetricsRegistry): TokenCacheMetrics {
  const labels = ['status'] as const;
  const named = (name: string, help: string) => ({ name: `authentication_token_cache_${name}`, help, labels });
  const requests = counters(metrics, named('request_total', 'Answers about tokens, by whether they were known.'));
  const seconds = histograms(metrics, {
    ...named('request_duration_seconds', 'Seconds until there was an answer, by whether it was known.'),
    buckets: defaultSeconds,
  });
  const fetches = counters(metrics, named('fetch_total', 'Answers that were asked for, by how that went.'));
  const active = gauges(metrics, named('active_fetch_count', 'Questions under way, and those who wait for them.'));
  return {
    asked(isKnown, elapsed) {
      const status = isKnown ? 'hit' : 'miss';
      requests.of({ status }).inc();
      seconds.of({ status }).observe(elapsed);
    },
    fetching() {
      const inFlight = active.of({ status: 'in_flight' });
      inFlight.inc();
      return (isAnswered) => {
        inFlight.inc(-1);
        fetches.of({ status: isAnswered ? 'ok' : 'error' }).inc();
      };
    },
    waiting() {
      const blocked = active.of({ status: 'blocked' });
      blocked.inc();
      return () => blocked.inc(-1);
    },
  };
}
