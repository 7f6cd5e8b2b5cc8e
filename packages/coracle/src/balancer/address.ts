import { isIP } from 'node:net';

/** Where a server listens. */
export interface Address {
  host: string;
  port: number;
}

/** Parses `host:port` or `[v6]:port`. Throws on anything else. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (!match || port > 65_535 || (match[1] !== undefined && isIP(host) !== 6)) {
    throw new Error(`${JSON.stringify(text)} is no address: it must be host:port, or [address]:port for IPv6`);
  }
  return { host, port };
}

/** The inverse of parseAddress. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
