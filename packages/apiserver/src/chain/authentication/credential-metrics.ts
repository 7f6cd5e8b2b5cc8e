import { counters, histograms } from '@coracle/process/series';
import type { Registry } from 'prom-client';

const expirations = [
  0, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 2_592_000, 7_776_000, 15_552_000,
  31_104_000,
];

/** Told of credentials that were good. */
export interface CredentialMetrics {
  certificate(secondsLeft: number): void;
  /** Stale: it should have been renewed by now. */
  serviceAccountToken(isStale: boolean): void;
}

/** Counts of the credentials of requests, under upstream's metric names. */
export function credentialMetrics(metrics: Registry): CredentialMetrics {
  const certificates = histograms(metrics, {
    name: 'apiserver_client_certificate_expiration_seconds',
    help: 'Seconds the client certificate of a request was still good for.',
    buckets: expirations,
  }).of({});
  const tokens = (name: string, help: string) =>
    counters(metrics, { name: `serviceaccount_${name}_total`, help }).of({});
  const valid = tokens('valid_tokens', 'Tokens of service accounts that were good.');
  const stale = tokens(
    'stale_tokens',
    'Tokens of service accounts that were good, and should have been renewed by then.',
  );
  return {
    certificate: (secondsLeft) => certificates.observe(secondsLeft),
    serviceAccountToken: (isStale) => (isStale ? stale : valid).inc(),
  };
}
