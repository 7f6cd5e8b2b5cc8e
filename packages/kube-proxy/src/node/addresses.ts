import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Node } from '@coracle/api/types/core/v1';
import { contains } from '../model/cidr.ts';
import type { Family } from '../model/family.ts';
import { ofFamily } from '../model/family.ts';

/** The node's own addresses, the primary of each family first: internal ones, then external ones. */
export function nodeIPs(node: Node | undefined): string[] {
  const addresses = node?.status?.addresses ?? [];
  const of = (type: string) =>
    addresses.filter((each) => each.type === type && isIP(each.address)).map((each) => each.address);
  return [...of('InternalIP'), ...of('ExternalIP')];
}

/**
 * The addresses of one family on which node ports are answered: for `primary` the node's first, else those of this machine's
 * interfaces within the given CIDRs; `all` when a CIDR covers everything.
 */
export function nodePortAddresses(
  wanted: readonly string[],
  family: Family,
  primary: string | undefined,
  interfaces: readonly string[] = interfaceAddresses(),
): readonly string[] | 'all' {
  if (wanted.length === 0 || (wanted.length === 1 && wanted[0] === 'primary'))
    return primary === undefined ? [] : [primary];
  const cidrs = ofFamily(wanted, family);
  if (cidrs.some((each) => each.endsWith('/0'))) return 'all';
  return interfaces.filter((address) => family.has(address) && cidrs.some((each) => contains(each, address)));
}

function interfaceAddresses(): string[] {
  const found = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return found.filter((each) => !each.address.startsWith('fe80:')).map((each) => each.address);
}
