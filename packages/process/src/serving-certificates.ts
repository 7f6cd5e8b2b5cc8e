import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { UsageError } from './program.ts';
import { type TlsLimits, tlsLimits } from './tls-limits.ts';

/** A certificate for clients that ask for certain names: one use of --tls-sni-cert-key. */
export interface NamedCertificate {
  certFile: string;
  keyFile: string;
  /** Names, or `*.` and a domain. Empty: the certificate's own. */
  names: readonly string[];
}

/** What a secure port shows its clients, as flags say it. */
export interface ServingTls {
  /** Files of the certificate; empty: a self-signed one is made. */
  certFile: string;
  keyFile: string;
  named: readonly NamedCertificate[];
  limits: TlsLimits;
}

/** The values of the flags --tls-…. */
export interface TlsFlags {
  readonly 'tls-cert-file': string;
  readonly 'tls-private-key-file': string;
  readonly 'tls-min-version': string;
  readonly 'tls-cipher-suites': readonly string[];
  readonly 'tls-sni-cert-key': readonly string[];
}

/** Reads the flags --tls-…. Throws on what cannot be, with the flag's name. */
export function servingTlsOf(flags: TlsFlags): ServingTls {
  const [certFile, keyFile] = [flags['tls-cert-file'], flags['tls-private-key-file']];
  if ((certFile === '') !== (keyFile === '')) {
    throw new UsageError('--tls-cert-file and --tls-private-key-file must be specified together');
  }
  return {
    certFile,
    keyFile,
    named: flags['tls-sni-cert-key'].map(namedCertificate),
    limits: tlsLimits(flags['tls-min-version'], flags['tls-cipher-suites']),
  };
}

/** `cert,key` or `cert,key:name,name`. */
function namedCertificate(text: string): NamedCertificate {
  const colon = text.indexOf(':');
  const files = (colon < 0 ? text : text.slice(0, colon)).split(',').map((each) => each.trim());
  if (files.length !== 2 || files.some((file) => file === '')) {
    throw new UsageError(
      `invalid argument ${JSON.stringify(text)} for "--tls-sni-cert-key" flag: expected comma separated certificate and key file paths`,
    );
  }
  const names =
    colon < 0
      ? []
      : text
          .slice(colon + 1)
          .split(',')
          .map((each) => each.trim().toLowerCase());
  if (names.includes('')) {
    throw new UsageError(`invalid argument ${JSON.stringify(text)} for "--tls-sni-cert-key" flag: empty domain name`);
  }
  return { certFile: files[0]!, keyFile: files[1]!, names };
}

/** Chooses by the name a client asks for; undefined: the certificate for everybody. */
export type ByName = (name: string) => SecureContext | undefined;

/**
 * Contexts by name, each made of its files as they are now. A name that is written out goes before a pattern, and the first use of the
 * flag before the ones after it. Throws where a file cannot be read.
 */
export function contextsByName(named: readonly NamedCertificate[], shared: SecureContextOptions): ByName {
  const contexts = new Map<string, SecureContext>();
  for (const { certFile, keyFile, names } of named) {
    const cert = readFileSync(certFile);
    const context = createSecureContext({ ...shared, cert, key: readFileSync(keyFile) });
    for (const name of names.length > 0 ? names : namesOf(cert)) if (!contexts.has(name)) contexts.set(name, context);
  }
  return (asked) => {
    const name = asked.toLowerCase().replace(/\.$/, '');
    return contexts.get(name) ?? contexts.get(name.replace(/^[^.]+/, '*'));
  };
}

/** The names a certificate is for: its DNS names, and its common name where it has none. */
function namesOf(cert: Buffer): string[] {
  const { subjectAltName, subject } = new X509Certificate(cert);
  const names = (subjectAltName ?? '')
    .split(', ')
    .filter((each) => each.startsWith('DNS:'))
    .map((each) => each.slice('DNS:'.length).toLowerCase());
  if (names.length > 0) return names;
  const common = /^CN=(.+)$/m.exec(subject ?? '')?.[1];
  return common ? [common.toLowerCase()] : [];
}

/** What a secure port shows, read from its files. */
export interface ServingContext extends TlsLimits {
  cert: string | Buffer;
  key: string | Buffer;
  byName?: ByName;
}

/**
 * Reads the certificates of a secure port; where no file is named one is made, in the name of `host` (an address or empty). `ca` goes into
 * every context: the authorities whose client certificates are asked for. Rejects where a file cannot be read.
 */
export async function readServing(tls: ServingTls, host: string, ca?: string | Buffer): Promise<ServingContext> {
  const { certFile, keyFile, named, limits } = tls;
  const shown = certFile === '' ? await madeFor(host) : { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const byName = named.length === 0 ? {} : { byName: contextsByName(named, { ...limits, ...(ca ? { ca } : {}) }) };
  return { ...shown, ...limits, ...byName };
}

async function madeFor(host: string): Promise<{ cert: string; key: string }> {
  const { selfSigned } = await import('./self-signed.ts');
  return selfSigned(host);
}

/** A server's choice by the name a client asks for, where there is one to make; `current` may change over time. */
export function choosing(current: () => ByName | undefined): Pick<TlsOptions, 'SNICallback'> {
  if (!current()) return {};
  return { SNICallback: (name, done) => done(null, current()?.(name)) };
}
