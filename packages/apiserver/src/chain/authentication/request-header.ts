import type { X509Certificate } from 'node:crypto';
import { headerValues, textOf, type WithHeaders } from '../header-values.ts';
import { type Authenticator, connectionOf, InvalidCredential } from './authenticator.ts';
import { issuedBy, peerOf } from './client-certificate.ts';

/** Flags `--requestheader-*`: which proxies are believed, and where they say who the user is. Header names in lower case. */
export interface RequestHeaderOptions {
  readonly authorities: readonly X509Certificate[];
  /** Common names of certificates that may speak for users; empty for any that the authorities signed. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/**
 * Users that an authenticating proxy names in headers, believed only over a connection with the proxy's client certificate
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy). Takes the headers off requests.
 */
export function requestHeaders(options: RequestHeaderOptions): Authenticator {
  return {
    authenticate({ req }) {
      const first = (names: readonly string[]) =>
        names.map((header) => headerValues(req, header)[0]).find((value) => value);
      const name = first(options.usernameHeaders);
      if (!name) return undefined;
      const socket = connectionOf(req);
      const peer = socket && peerOf(socket);
      // A client certificate of another authority says who the client is, not that it may speak for others.
      if (!peer || !issuedBy(options.authorities, peer.chain)) return undefined;
      if (options.allowedNames.length > 0 && !options.allowedNames.includes(peer.commonName)) {
        throw new InvalidCredential(`x509: subject with cn=${peer.commonName} is not in the allowed list`);
      }
      const groups = options.groupHeaders.flatMap((header) => headerValues(req, header)).filter((each) => each !== '');
      const uid = first(options.uidHeaders) ?? '';
      return { user: { name, uid, groups, extra: extraIn(req, options.extraHeaderPrefixes) } };
    },
  };
}

/** The values of all headers whose names begin with a prefix (in lower case), by what follows it. */
export function extraIn(req: WithHeaders, prefixes: readonly string[]): Record<string, string[]> {
  const extra = new Map<string, string[]>();
  for (const header of Object.keys(req.headers)) {
    const prefix = prefixes.find((each) => header.startsWith(each));
    if (prefix === undefined) continue;
    const key = decoded(header.slice(prefix.length));
    extra.set(key, [...(extra.get(key) ?? []), ...headerValues(req, header)]);
  }
  return Object.fromEntries(extra);
}

/** Keys are percent-encoded, for what a header's name cannot be, upper case among it; one that is not validly so is taken as it is. */
function decoded(key: string): string {
  if (/%(?![0-9a-f]{2})/.test(key)) return key;
  return textOf(key.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))));
}
