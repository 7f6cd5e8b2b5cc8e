import type { X509Certificate } from 'node:crypto';
import { headerValues } from '../header-values.ts';
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
      const first = (names: readonly string[]) => names.flatMap((header) => headerValues(req, header))[0];
      const name = first(options.usernameHeaders);
      if (!name) return undefined;
      const socket = connectionOf(req);
      const peer = socket && peerOf(socket);
      // A client certificate of another authority says who the client is, not that it may speak for others.
      if (!peer || !issuedBy(options.authorities, peer.chain)) return undefined;
      if (options.allowedNames.length > 0 && !options.allowedNames.includes(peer.commonName)) {
        throw new InvalidCredential(`x509: subject with cn=${peer.commonName} is not in the allowed list`);
      }
      const groups = options.groupHeaders.flatMap((header) => headerValues(req, header));
      const uid = first(options.uidHeaders) ?? '';
      const extra: Record<string, string[]> = {};
      for (const header of Object.keys(req.headers)) {
        const prefix = options.extraHeaderPrefixes.find((each) => header.startsWith(each));
        if (prefix === undefined) continue;
        const key = decoded(header.slice(prefix.length));
        extra[key] = [...(extra[key] ?? []), ...headerValues(req, header)];
      }
      return { user: { name, uid, groups, extra } };
    },
  };
}

/** Keys of extra headers are percent-encoded; one that is not validly so is taken as it is. */
export function decoded(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase();
  } catch {
    return key.toLowerCase();
  }
}
