import { createHash } from 'node:crypto';
import type { VxlanConfig } from '../config/network-config.ts';
import { type Link, readLinks } from '../host/links.ts';
import { loopbackChanges } from '../host/loopback.ts';
import { batch } from '../host/run.ts';
import type { Uplink } from '../host/uplink.ts';

/** What the names of our devices begin with; the network's number follows. */
const prefix = 'coracle.';

/** What wrapping adds to a packet: outer Ethernet, IPv4, UDP and VXLAN headers. */
const overhead = 50;

/** Whether a link is a VXLAN device of ours, of whichever network. */
export const isOurDevice = (link: Link): boolean => link.vxlan !== undefined && link.name.startsWith(prefix);

export const deviceName = (config: VxlanConfig): string => `${prefix}${config.vni}`;

/** The MTU of the device: what was asked for, or what the uplink leaves. */
export const deviceMtu = (config: VxlanConfig, uplink: Uplink): number => config.mtu ?? uplink.mtu - overhead;

/**
 * The device's MAC: the one it has, or else one that follows from the node's address, so that peers' entries stay right when the node
 * comes back.
 */
export function deviceMac(links: readonly Link[], config: VxlanConfig, uplink: Uplink): string {
  const there = links.find((each) => each.name === deviceName(config) && each.vxlan);
  if (there) return there.mac;
  const digest = createHash('sha256').update(`${config.vni} ${uplink.publicIp}`).digest();
  // Locally administered, to one receiver.
  const bytes = [(digest[0]! & 0xfc) | 0x02, ...digest.subarray(1, 6)];
  return bytes.map((each) => each.toString(16).padStart(2, '0')).join(':');
}

/** The device as it should be. `address`: the first one of the node's subnet; undefined before there is one. */
export interface DeviceState {
  config: VxlanConfig;
  uplink: Uplink;
  mac: string;
  address: string | undefined;
}

/** The `ip` commands that make the device so. One with other parameters is made anew; devices of other networks are removed. */
export function deviceChanges(links: readonly Link[], { config, uplink, mac, address }: DeviceState): string[] {
  const name = deviceName(config);
  const commands = links
    .filter((each) => isOurDevice(each) && each.name !== name)
    .map((each) => `link del dev ${each.name}`);
  commands.push(...loopbackChanges(links, undefined));
  let now = links.find((each) => each.name === name);
  if (now && !isMadeFor(now, config, uplink, mac)) {
    commands.push(`link del dev ${name}`);
    now = undefined;
  }
  if (!now) {
    commands.push(
      `link add ${name} address ${mac} type vxlan id ${config.vni} local ${uplink.address} dev ${uplink.name} dstport ${config.port} nolearning`,
      `link set dev ${name} addrgenmode none`,
    );
  }
  const mtu = deviceMtu(config, uplink);
  if (now?.mtu !== mtu) commands.push(`link set dev ${name} mtu ${mtu}`);
  const addresses = now?.addresses ?? [];
  for (const each of addresses) {
    if (each.address !== address || each.length !== 32)
      commands.push(`addr del ${each.address}/${each.length} dev ${name}`);
  }
  if (address && !addresses.some((each) => each.address === address && each.length === 32)) {
    commands.push(`addr add ${address}/32 dev ${name}`);
  }
  if (!now?.up) commands.push(`link set dev ${name} up`);
  return commands;
}

function isMadeFor({ vxlan, mac }: Link, config: VxlanConfig, uplink: Uplink, wantedMac: string): boolean {
  return (
    vxlan?.vni === config.vni &&
    vxlan.local === uplink.address &&
    vxlan.link === uplink.name &&
    vxlan.port === config.port &&
    !vxlan.learning &&
    mac === wantedMac
  );
}

/** Makes the device so; see `deviceChanges`. */
export async function ensureDevice(state: DeviceState): Promise<void> {
  await batch('ip', deviceChanges(await readLinks(), state));
}
