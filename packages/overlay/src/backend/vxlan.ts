import type { VxlanConfig } from '../config/network-config.ts';
import { changesBetween, type Forwarding, type Route, readForwarding } from '../host/forwarding.ts';
import type { Link } from '../host/links.ts';
import { batch } from '../host/run.ts';
import { isOnLink, type Uplink } from '../host/uplink.ts';
import { addressAt, formatRange } from '../range.ts';
import type { Backend, Peer, UnreachablePeer } from './backend.ts';
import { deviceMac, deviceMtu, deviceName, ensureDevice } from './vxlan-device.ts';

/**
 * Wraps packets between nodes in UDP. The device learns nothing by itself: for each peer there are a route to its subnet, the MAC of
 * its device and the node that MAC is behind. The device is there when the promise resolves.
 */
export async function vxlanBackend(config: VxlanConfig, uplink: Uplink, links: readonly Link[]): Promise<Backend> {
  const device = deviceName(config);
  const mac = deviceMac(links, config, uplink);
  const there = links.find((each) => each.name === device)?.addresses[0]?.address;
  await ensureDevice({ config, uplink, mac, address: there });
  return {
    attributes: { BackendType: 'vxlan', BackendData: { VNI: config.vni, VtepMAC: mac } },
    mtu: deviceMtu(config, uplink),
    async apply(subnet, peers) {
      await ensureDevice({ config, uplink, mac, address: addressAt(subnet, 0) });
      const { wanted, unreachable } = vxlanForwarding(config, uplink, peers);
      const { before, entries, after } = changesBetween(await readForwarding(device), wanted, device);
      await batch('ip', before);
      await batch('bridge', entries);
      await batch('ip', after);
      return unreachable;
    },
  };
}

/** What leads to the peers. Those of another backend or network number are left out, and why. */
export function vxlanForwarding(
  config: VxlanConfig,
  uplink: Uplink,
  peers: readonly Peer[],
): { wanted: Forwarding; unreachable: UnreachablePeer[] } {
  const routes = new Map<string, Route>();
  const neighbours = new Map<string, string>();
  const entries = new Map<string, string>();
  const unreachable: UnreachablePeer[] = [];
  for (const peer of peers) {
    const reason = whyNot(config, peer);
    if (reason) {
      unreachable.push({ peer, reason });
      continue;
    }
    const subnet = formatRange(peer.subnet);
    if (config.directRouting && isOnLink(uplink, peer.publicIp)) {
      routes.set(subnet, { via: peer.publicIp, dev: uplink.name, onlink: false });
      continue;
    }
    const gateway = addressAt(peer.subnet, 0);
    const mac = peer.attributes.BackendData!.VtepMAC!.toLowerCase();
    neighbours.set(gateway, mac);
    entries.set(mac, peer.publicIp);
    routes.set(subnet, { via: gateway, dev: deviceName(config), onlink: true });
  }
  return { wanted: { routes, neighbours, entries }, unreachable };
}

function whyNot(config: VxlanConfig, { attributes }: Peer): string | undefined {
  const { BackendType, BackendData } = attributes;
  if (BackendType !== 'vxlan') return `its backend is ${JSON.stringify(BackendType)}, not "vxlan"`;
  // flannel's releases before 0.11 did not tell the number.
  if (BackendData?.VNI !== undefined && BackendData.VNI !== config.vni) {
    return `its VNI is ${BackendData.VNI}, not ${config.vni}`;
  }
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(BackendData?.VtepMAC ?? '')) {
    return `its VtepMAC is ${JSON.stringify(BackendData?.VtepMAC)}`;
  }
  return undefined;
}
