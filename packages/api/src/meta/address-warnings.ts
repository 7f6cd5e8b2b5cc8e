import { canonicalAddress, canonicalCidr } from './addresses.ts';

/** What a client is warned of that writes an IP address: of one of IPv6, that there is one form to write it in. */
export function addressWarnings(address: string, at: string): string[] {
  const canonical = address.includes(':') ? canonicalAddress(address) : address;
  if (canonical === address) return [];
  return [`${at}: IPv6 address "${address}" should be in RFC 5952 canonical format ("${canonical}")`];
}

/** The same of a range of addresses. */
export function rangeWarnings(range: string, at: string): string[] {
  const canonical = range.includes(':') ? canonicalCidr(range) : range;
  if (canonical === range) return [];
  return [`${at}: IPv6 CIDR value "${range}" should be in RFC 5952 canonical format ("${canonical}")`];
}
