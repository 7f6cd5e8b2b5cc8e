import { counters, histograms } from '@coracle/process/series';
import type { Registry } from 'prom-client';
import type { LegacyUse } from './service-account/legacy-tokens.ts';

const expirations = [
  0, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 2_592_000, 7_776_000, 15_552_000,
  31_104_000,
];

/** Told of credentials that were good. */
export interface CredentialMetrics {
  certificate(secondsLeft: number): void;
  /** Stale: it should have been renewed by now. */
  serviceAccountToken(isStale: boolean): void;
  /** One that a Secret holds. */
  legacyToken(use: LegacyUse): void;
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
  const legacy = {
    any: tokens('legacy_tokens', 'Tokens of service accounts that Secrets hold which were used.'),
    auto: tokens('legacy_auto_token_uses', 'Uses of tokens in Secrets that a control plane made for an account.'),
    manual: tokens('legacy_manual_token_uses', 'Uses of tokens in Secrets that were made by hand.'),
    invalid: tokens('invalid_legacy_auto_token_uses', 'Uses of tokens in Secrets that are marked as invalid.'),
  };
  return {
    legacyToken: (use) => legacy[use].inc(),
    certificate: (secondsLeft) => certificates.observe(secondsLeft),
    serviceAccountToken: (isStale) => (isStale ? stale : valid).inc(),
  };
}
