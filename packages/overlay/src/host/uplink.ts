import { isIPv4 } from 'node:net';
import { UsageError } from '@coracle/process/program';
import { holds, parseAddress, type Range, rangeAt } from '../range.ts';
import type { Link } from './links.ts';
import { rows } from './run.ts';

/** The interface that traffic between nodes takes. */
export interface Uplink {
  name: string;
  mtu: number;
  /** The node's address on it: outer source of what is wrapped. */
  address: string;
  /** What other nodes reach this one by: `address`, unless it was given. */
  publicIp: string;
  /** Ranges that are on the link: addresses in them need no gateway. */
  onLink: Range[];
}

interface RouteRow {
  dst: string;
  dev?: string;
  metric?: number;
}

/** Finds the interface by name or address, or by the default route when neither is given. Throws UsageError that says what is missing. */
export async function findUplink(links: readonly Link[], wanted: string, publicIp: string): Promise<Uplink> {
  const name = wanted === '' ? await defaultDevice() : wanted;
  const link = links.find((each) =>
    isIPv4(name) ? each.addresses.some(({ address }) => address === name) : each.name === name,
  );
  if (!link) {
    throw new UsageError(
      `--iface: there is no interface ${isIPv4(name) ? 'with the address' : 'called'} ${JSON.stringify(name)}`,
    );
  }
  const address = isIPv4(name) ? name : link.addresses[0]?.address;
  if (address === undefined) throw new UsageError(`the interface ${link.name} has no IPv4 address`);
  return {
    name: link.name,
    mtu: link.mtu,
    address,
    publicIp: publicIp === '' ? address : publicIp,
    onLink: link.addresses.map((each) => rangeAt(parseAddress(each.address), each.length)),
  };
}

async function defaultDevice(): Promise<string> {
  const routes = (await rows<RouteRow>('ip', '-4', 'route', 'show', 'default')).filter((each) => each.dev);
  const [best] = routes.sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0));
  if (!best) throw new UsageError('there is no default route that tells the interface between nodes: give --iface');
  return best.dev!;
}

/** Whether an address is reached without a gateway. */
export function isOnLink(uplink: Uplink, address: string): boolean {
  const single = { base: parseAddress(address), length: 32 };
  return uplink.onLink.some((range) => holds(range, single));
}
