import type { Family } from '../model/family.ts';
import { ipv4, ipv6 } from '../model/family.ts';
import type { RunNft } from './nft.ts';

/**
 * The families whose addresses the kernel can rewrite: IPv4, and IPv6 where it is there. Rejects when IPv4 cannot be used: without nft,
 * its kernel support or the right to change it a proxy is of no use. `without` hears why a machine has IPv4 only.
 */
export async function supportedFamilies(
  run: RunNft,
  without: (family: Family, error: unknown) => void,
): Promise<Family[]> {
  await run(probe(ipv4));
  try {
    await run(probe(ipv6));
    return [ipv4, ipv6];
  } catch (error) {
    without(ipv6, error);
    return [ipv4];
  }
}

/** Makes and removes, in one transaction, a table with a chain of each kind that is needed. */
function probe({ nft }: Family): string {
  const table = `${nft} kube-proxy-probe`;
  return `${[
    `add table ${table}`,
    `add chain ${table} nat { type nat hook prerouting priority -100 ; }`,
    `add chain ${table} filter { type filter hook forward priority -110 ; }`,
    `delete table ${table}`,
  ].join('\n')}\n`;
}
