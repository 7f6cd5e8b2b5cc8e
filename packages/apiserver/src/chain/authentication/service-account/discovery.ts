import { UsageError } from '@coracle/process/program';
import { keySet, type TokenKey } from '@coracle/process/token-keys';
import type { Page } from '../../../pages.ts';

const configurationPath = '/.well-known/openid-configuration';
const keysPath = '/openid/v1/jwks';

/** What the issuer of service account tokens publishes of itself. */
export interface DiscoveryOptions {
  readonly issuer: string;
  readonly keys: readonly TokenKey[];
  /** `--service-account-jwks-uri`: where clients find the keys; empty: at this server. */
  readonly keysUrl: string;
  /** `host:port` at which others reach this server. */
  readonly address: string;
}

/**
 * The pages with which others check tokens of service accounts as those of any OpenID Connect issuer
 * (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery). Throws UsageError where
 * the issuer's URL cannot be one of OpenID Connect.
 */
export function discoveryPages({ issuer, keys, keysUrl, address }: DiscoveryOptions): Readonly<Record<string, Page>> {
  const problem = problemOf(issuer);
  if (problem !== undefined) throw new UsageError(problem);
  if (keysUrl !== '' && !keysUrl.startsWith('https://')) {
    throw new UsageError(`service-account-jwks-uri requires https scheme, parsed as: ${keysUrl}`);
  }
  const configuration = {
    issuer,
    jwks_uri: keysUrl === '' ? `https://${address}${keysPath}` : keysUrl,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ algorithm }) => algorithm))].sort(),
  };
  return {
    [configurationPath]: page('application/json', configuration),
    [keysPath]: page('application/jwk-set+json', keySet(keys)),
  };
}

function problemOf(issuer: string): string | undefined {
  if (!URL.canParse(issuer)) return `issuer URL must use https scheme, got: ${issuer}`;
  const { protocol, search, hash } = new URL(issuer);
  if (protocol !== 'https:') return `issuer URL must use https scheme, got: ${issuer}`;
  if (search !== '') return `issuer URL may not include a query, got: ${issuer}`;
  return hash === '' ? undefined : `issuer URL may not include a fragment, got: ${issuer}`;
}

function page(type: string, value: object): Page {
  const text = JSON.stringify(value);
  return async ({ res }) => {
    res.setHeader('Content-Type', type);
    res.setHeader('Cache-Control', 'public, max-age=3600');
    res.end(text);
  };
}
