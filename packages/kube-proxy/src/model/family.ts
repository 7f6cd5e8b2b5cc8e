import { isIPv4, isIPv6 } from 'node:net';

/** One of the two worlds of addresses; each has its own nft table. */
export interface Family {
  readonly name: 'IPv4' | 'IPv6';
  /** The nft family, which is also the keyword before `saddr` and `daddr`. */
  readonly nft: 'ip' | 'ip6';
  readonly addressType: 'ipv4_addr' | 'ipv6_addr';
  /** Whether a text is an address of this family. */
  has(address: string): boolean;
  /** An address with a port, as `dnat to` takes it. */
  withPort(address: string, port: number): string;
}

export const ipv4: Family = {
  name: 'IPv4',
  nft: 'ip',
  addressType: 'ipv4_addr',
  has: isIPv4,
  withPort: (address, port) => `${address}:${port}`,
};

export const ipv6: Family = {
  name: 'IPv6',
  nft: 'ip6',
  addressType: 'ipv6_addr',
  has: isIPv6,
  withPort: (address, port) => `[${address}]:${port}`,
};

/** The items (addresses or CIDRs) that are of the family. */
export function ofFamily(items: readonly string[] | undefined, family: Family): string[] {
  return (items ?? []).filter((each) => family.has(each.split('/')[0]!));
}
