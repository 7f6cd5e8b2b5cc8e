import { Counter, type Registry as MetricsRegistry } from 'prom-client';
import type { Decision } from './authorization/authorizer.ts';

/** Counts of how authentication and authorization end, under upstream's metric names. */
export function securityMetrics(metrics: MetricsRegistry) {
  const authentication = new Counter({
    name: 'authentication_attempts',
    help: 'Attempts to authenticate a request, by result.',
    labelNames: ['result'],
    registers: [metrics],
  });
  const authorization = new Counter({
    name: 'authorization_attempts_total',
    help: 'Decisions about requests, by result.',
    labelNames: ['result'],
    registers: [metrics],
  });
  const results = { allow: 'allowed', deny: 'denied', noOpinion: 'no-opinion' } as const;
  return {
    authenticated: (result: 'success' | 'failure' | 'error') => authentication.inc({ result }),
    authorized: ({ decision }: Decision) => authorization.inc({ result: results[decision] }),
  };
}
