import { changesBetween, type Route, readForwarding } from '../host/forwarding.ts';
import { type Link, readLinks } from '../host/links.ts';
import { loopbackChanges } from '../host/loopback.ts';
import { batch } from '../host/run.ts';
import { isOnLink, type Uplink } from '../host/uplink.ts';
import { addressAt, formatRange } from '../range.ts';
import type { Backend, Peer, UnreachablePeer } from './backend.ts';
import { isOurDevice } from './vxlan-device.ts';

/** Routes to each subnet by its node, which must be on the same link. */
export function hostGatewayBackend(uplink: Uplink): Backend {
  return {
    attributes: { BackendType: 'host-gw' },
    mtu: uplink.mtu,
    async apply(subnet, peers) {
      await batch('ip', hostChanges(await readLinks(), addressAt(subnet, 0)));
      const { routes, unreachable } = hostGatewayRoutes(uplink, peers);
      const wanted = { routes, neighbours: new Map(), entries: new Map() };
      const { before, after } = changesBetween(await readForwarding(undefined), wanted, undefined);
      await batch('ip', [...before, ...after]);
      return unreachable;
    },
  };
}

/** Removes devices of an earlier VXLAN network, and gives the node the first address of its subnet. */
function hostChanges(links: readonly Link[], address: string): string[] {
  return [...links.filter(isOurDevice).map((each) => `link del dev ${each.name}`), ...loopbackChanges(links, address)];
}

/** A route a peer. Peers of another backend, or behind a gateway, are left out, and why. */
export function hostGatewayRoutes(
  uplink: Uplink,
  peers: readonly Peer[],
): { routes: Map<string, Route>; unreachable: UnreachablePeer[] } {
  const routes = new Map<string, Route>();
  const unreachable: UnreachablePeer[] = [];
  for (const peer of peers) {
    const { publicIp, attributes } = peer;
    if (attributes.BackendType !== 'host-gw') {
      unreachable.push({ peer, reason: `its backend is ${JSON.stringify(attributes.BackendType)}, not "host-gw"` });
    } else if (!isOnLink(uplink, publicIp)) {
      unreachable.push({ peer, reason: `${publicIp} is not on the link of ${uplink.name}, as host-gw needs it to be` });
    } else {
      routes.set(formatRange(peer.subnet), { via: publicIp, dev: uplink.name, onlink: false });
    }
  }
  return { routes, unreachable };
}
