import { isIP } from 'node:net';

/** A server that questions about other names are forwarded to. */
export interface ServerAddress {
  host: string;
  port: number;
}

export const dnsPort = 53;

/** The name servers of a resolv.conf(5), in order. Throws where one of its addresses is none. */
export function nameservers(text: string): ServerAddress[] {
  return text.split('\n').flatMap((line) => {
    const [keyword, host] = line.trim().split(/\s+/);
    if (keyword !== 'nameserver' || host === undefined) return [];
    if (isIP(host.replace(/%.*$/, '')) === 0)
      throw new Error(`nameserver ${JSON.stringify(host)} is not an IP address`);
    return [{ host, port: dnsPort }];
  });
}

/** Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. Throws on anything else. */
export function serverAddress(text: string): ServerAddress {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return { host: bare, port: dnsPort };
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (isIP(host) === 0 || !(port >= 1 && port <= 65_535))
    throw new Error(`${JSON.stringify(text)} is not an IP address, perhaps with a port`);
  return { host, port };
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`: for logs and metrics. */
export const addressText = ({ host, port }: ServerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
