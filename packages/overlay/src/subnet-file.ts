import { readFileSync, rmSync } from 'node:fs';
import { writeWhole } from './host/write-file.ts';
import { addressAt, formatRange, type Range, rangeFrom } from './range.ts';

/** What the file tells other programs of the node, as variables in flannel's format. */
export interface SubnetFacts {
  network: Range;
  subnet: Range;
  mtu: number;
  masquerade: boolean;
}

/** The text of the file; the subnet is written with the address of the pods' gateway. */
export function subnetFileText({ network, subnet, mtu, masquerade }: SubnetFacts): string {
  return [
    `FLANNEL_NETWORK=${formatRange(network)}`,
    `FLANNEL_SUBNET=${addressAt(subnet, 1)}/${subnet.length}`,
    `FLANNEL_MTU=${mtu}`,
    `FLANNEL_IPMASQ=${masquerade}`,
    '',
  ].join('\n');
}

export function writeSubnetFile(path: string, facts: SubnetFacts): void {
  writeWhole(path, subnetFileText(facts));
}

/** The subnet an earlier run wrote; undefined when there is none. */
export function readSubnetFile(path: string): Range | undefined {
  try {
    const [, subnet = ''] = /^FLANNEL_SUBNET=(\S+)$/m.exec(readFileSync(path, 'utf8')) ?? [];
    return rangeFrom(subnet);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function removeSubnetFile(path: string): void {
  rmSync(path, { force: true });
}
