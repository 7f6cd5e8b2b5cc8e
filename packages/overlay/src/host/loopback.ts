import type { Link } from './links.ts';

/** What our address on the loopback device is labelled, to know it again. */
const label = 'lo:coracle';

/**
 * The `ip` commands after which `address`, or nothing, is the address of ours on the loopback device. With VXLAN the node has the first
 * address of its subnet on the device; without one it has it here, so that peers can ask whether they reach the node by its subnet.
 */
export function loopbackChanges(links: readonly Link[], address: string | undefined): string[] {
  const addresses = links.find((each) => each.name === 'lo')?.addresses ?? [];
  const mine = addresses.filter((each) => each.label === label).map((each) => each.address);
  const commands = mine.filter((each) => each !== address).map((each) => `addr del ${each}/32 dev lo`);
  if (address && !mine.includes(address)) commands.push(`addr add ${address}/32 dev lo label ${label}`);
  return commands;
}
