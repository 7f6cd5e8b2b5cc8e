import { readFileSync } from 'node:fs';
import type { RestConfig } from './config.ts';

/** What a TLS connection to the server is made with. */
export interface TlsMaterial {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
  rejectUnauthorized: boolean;
}

/** Reads the certificate, key and authority of a config: data first, then files. */
export function tlsMaterial(config: RestConfig): TlsMaterial {
  const read = (data: string | undefined, file: string | undefined): string | undefined =>
    data ?? (file ? readFileSync(file, 'utf8') : undefined);
  return {
    ca: read(config.caData, config.caFile),
    cert: read(config.certData, config.certFile),
    key: read(config.keyData, config.keyFile),
    ...(config.tlsServerName ? { servername: config.tlsServerName } : {}),
    rejectUnauthorized: !config.insecureSkipTlsVerify,
  };
}

const tokenMaxAge = 60_000;

export type Headers = Record<string, string | string[]>;

/** Makes the function that gives the headers of each request which say who is asking. */
export function credentialHeaders(config: RestConfig): () => Promise<Headers> {
  let token = config.token;
  let readAt = 0;
  return async () => {
    const headers: Headers = {};
    if (config.tokenSource) token = await config.tokenSource();
    if (config.tokenFile && Date.now() - readAt > tokenMaxAge) {
      token = readFileSync(config.tokenFile, 'utf8').trim();
      readAt = Date.now();
    }
    if (token) headers.authorization = `Bearer ${token}`;
    else if (config.username !== undefined) {
      headers.authorization = `Basic ${Buffer.from(`${config.username}:${config.password ?? ''}`).toString('base64')}`;
    }
    const as = config.impersonate;
    if (as) {
      headers['impersonate-user'] = as.user;
      if (as.uid) headers['impersonate-uid'] = as.uid;
      if (as.groups?.length) headers['impersonate-group'] = [...as.groups];
      for (const [key, values] of Object.entries(as.extra ?? {})) {
        headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = [...values];
      }
    }
    return headers;
  };
}
