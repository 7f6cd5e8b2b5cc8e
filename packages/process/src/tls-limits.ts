import type { SecureContextOptions } from 'node:tls';
import { UsageError } from './program.ts';

/** Names of --tls-min-version, and what Node.js calls them. */
const versions = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
} as const;

/** Cipher suites up to TLS 1.2 by their IANA names, and what OpenSSL calls them. */
const suites: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
};

/** Those of TLS 1.3, which are always on: they may be named, and nothing follows from it, as upstream. */
const modern = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** How old and weak a connection may be. */
export type TlsLimits = Pick<SecureContextOptions, 'minVersion' | 'ciphers'>;

/**
 * What --tls-min-version (empty: TLS 1.2) and --tls-cipher-suites (empty: the runtime's) say, for Node.js' TLS. Throws on names that are
 * none, in upstream's words.
 */
export function tlsLimits(minVersion: string, cipherSuites: readonly string[]): TlsLimits {
  if (minVersion !== '' && !Object.hasOwn(versions, minVersion)) {
    throw new UsageError(`unknown tls version ${JSON.stringify(minVersion)}`);
  }
  const limits: TlsLimits = { minVersion: versions[(minVersion || 'VersionTLS12') as keyof typeof versions] };
  if (cipherSuites.length === 0) return limits;
  const named = cipherSuites.filter((each) => !modern.includes(each));
  const unknown = named.find((each) => !Object.hasOwn(suites, each));
  if (unknown !== undefined) throw new UsageError(`Cipher suite ${unknown} not supported or doesn't exist`);
  return { ...limits, ciphers: [...modern, ...new Set(named.map((each) => suites[each]!))].join(':') };
}
