import { formatRange, type Range } from '../range.ts';
import { run } from './run.ts';

const table = 'ip coracle-overlay';

/** Adding first makes deleting a table that is not there no error. */
const gone = `table ${table}\ndelete table ${table}\n`;

/**
 * The nft script that gives what pods send out of the pod network the node's own address. Pods see each other's addresses, also across
 * nodes; multicast has no answers that would have to find back. It is one transaction.
 */
export function masqueradeRules(network: Range, bridge: string): string {
  const pods = formatRange(network);
  return `${gone}table ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat + 10; policy accept;
    ip saddr != ${pods} return
    ip daddr { ${pods}, 224.0.0.0/4 } return
    oifname "${bridge}" return
    masquerade fully-random
  }
}
`;
}

/** Puts the rules in place, or removes them. */
export async function setMasquerading(rules: string | undefined): Promise<void> {
  await run(['nft', '-f', '-'], rules ?? gone);
}
