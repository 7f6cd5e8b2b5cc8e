import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { badRequest } from '@coracle/api/meta/status';

/** This machine, the link, groups of machines, nobody: addresses a pod or node cannot have, and that would lead elsewhere. */
const elsewhere = new BlockList();
elsewhere.addAddress('0.0.0.0');
elsewhere.addAddress('255.255.255.255');
elsewhere.addSubnet('127.0.0.0', 8);
elsewhere.addSubnet('169.254.0.0', 16);
elsewhere.addSubnet('224.0.0.0', 4);
elsewhere.addAddress('::', 'ipv6');
elsewhere.addAddress('::1', 'ipv6');
elsewhere.addSubnet('fe80::', 10, 'ipv6');
elsewhere.addSubnet('ff00::', 8, 'ipv6');

/** Throws BadRequest for an address requests are not proxied to: whoever writes a status must not reach this machine by it. */
export function requireProxyable(address: string): void {
  const isAllowed =
    (isIPv4(address) && !elsewhere.check(address)) || (isIPv6(address) && !elsewhere.check(address, 'ipv6'));
  if (!isAllowed) throw badRequest('address not allowed');
}

/** As `requireProxyable`, for what may be a name: none of its addresses may be such a one. */
export async function requireProxyableHost(host: string): Promise<void> {
  if (isIP(host)) return requireProxyable(host);
  const found = await lookup(host, { all: true }).catch(() => {
    throw badRequest(`lookup ${host}: no such host`);
  });
  for (const { address } of found) requireProxyable(address);
}
