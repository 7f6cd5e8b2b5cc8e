import { counters, histograms } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { Decision } from './authorization/authorizer.ts';

/** How an attempt to authenticate a request went. */
export type AttemptResult = 'success' | 'failure' | 'error';

const buckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);
const decided = { allow: 'allowed', deny: 'denied', noOpinion: 'no-opinion' } as const;

/** Told how authentication and authorization of requests end, and how many seconds they took. */
export interface SecurityMetrics {
  authenticated(result: AttemptResult, seconds: number, username?: string): void;
  authorized(decision: Decision, seconds: number): void;
}

/** Counts and times of authentication and authorization, under upstream's metric names. */
export function securityMetrics(metrics: MetricsRegistry): SecurityMetrics {
  const attempts = counters(metrics, {
    name: 'authentication_attempts',
    help: 'Attempts to authenticate a request, by result.',
    labels: ['result'],
  });
  const attemptSeconds = histograms(metrics, {
    name: 'authentication_duration_seconds',
    help: 'Seconds it took to authenticate a request, by result.',
    labels: ['result'],
    buckets,
  });
  const users = counters(metrics, {
    name: 'authenticated_user_requests',
    help: 'Authenticated requests, by the few user names that are told apart.',
    labels: ['username'],
  });
  const decisions = counters(metrics, {
    name: 'authorization_attempts_total',
    help: 'Decisions about requests, by result.',
    labels: ['result'],
  });
  const decisionSeconds = histograms(metrics, {
    name: 'authorization_duration_seconds',
    help: 'Seconds it took to decide about a request, by result.',
    labels: ['result'],
    buckets,
  });
  return {
    authenticated(result, seconds, username) {
      attempts.of({ result }).inc();
      attemptSeconds.of({ result }).observe(seconds);
      if (username !== undefined) users.of({ username: shortened(username) }).inc();
    },
    authorized({ decision, failure }, seconds) {
      const result = decision !== 'allow' && failure !== undefined ? 'error' : decided[decision];
      decisions.of({ result }).inc();
      decisionSeconds.of({ result }).observe(seconds);
    },
  };
}

const knownNames = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default']);

/** Users are many; these are those upstream tells apart. */
function shortened(username: string): string {
  if (knownNames.has(username)) return username;
  return username.includes('@') ? 'email_id' : 'other';
}
