import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** An IP address in its one canonical form: `fd00::5`, never `FD00:0:0::5`. Undefined for what is no address. */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}

/** The type of the record that holds an address. */
export const recordTypeOf = (address: string): 'A' | 'AAAA' => (address.includes(':') ? 'AAAA' : 'A');

/** An address as one label: `10-1-2-3`, `fd00--5`. */
export const dashed = (address: string): string => address.replaceAll(/[.:]/g, '-');

/** The address that a label writes with dashes. */
export function undashed(label: string): string | undefined {
  return canonicalAddress(label.replaceAll('-', '.')) ?? canonicalAddress(label.replaceAll('-', ':'));
}

/**
 * The address that a name in in-addr.arpa or ip6.arpa stands for (RFC 1035 3.5, RFC 3596 2.5); undefined for other names and for those
 * of a whole range.
 */
export function reverseAddress(labels: readonly string[]): string | undefined {
  const [kind, arpa] = labels.slice(-2);
  if (arpa !== 'arpa') return undefined;
  const parts = labels.slice(0, -2).reverse();
  if (kind === 'in-addr' && parts.length === 4) return canonicalAddress(parts.join('.'));
  if (kind !== 'ip6' || parts.length !== 32 || parts.some((each) => !/^[0-9a-f]$/.test(each))) return undefined;
  return canonicalAddress(parts.join('').replaceAll(/(.{4})(?!$)/g, '$1:'));
}
