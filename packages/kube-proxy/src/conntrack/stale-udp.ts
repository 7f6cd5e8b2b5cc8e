import type { Family } from '../model/family.ts';
import type { ProxiedPort } from '../service-model.ts';

/** Conntrack entries to delete, as arguments of `conntrack -D`. */
export type Deletion = readonly string[];

interface UdpPort {
  addresses: readonly string[];
  port: number;
  nodePort: number;
  endpoints: ReadonlySet<string>;
}

/**
 * UDP has no end of a connection: a client that keeps sending stays with the endpoint its first packet went to, or with nothing when
 * there was none. This names the entries to delete so that it is sent on by the new rules: those to endpoints that are gone, and all
 * of addresses that got their first endpoint.
 */
export function staleUdp(before: readonly ProxiedPort[], after: readonly ProxiedPort[], family: Family): Deletion[] {
  const now = udpPorts(after);
  const was = udpPorts(before);
  const flags = family.name === 'IPv6' ? ['-f', 'ipv6'] : [];
  const deletions: Deletion[] = [];
  const add = (...what: string[]) => deletions.push([...flags, '-p', 'udp', ...what]);
  for (const [id, old] of was) {
    const endpoints = now.get(id)?.endpoints ?? new Set<string>();
    for (const ip of old.endpoints) {
      if (endpoints.has(ip)) continue;
      for (const address of old.addresses)
        add('--orig-dst', address, '--orig-port-dst', String(old.port), '--dst-nat', ip);
      if (old.nodePort > 0) add('--orig-port-dst', String(old.nodePort), '--dst-nat', ip);
    }
  }
  for (const [id, port] of now) {
    if (port.endpoints.size === 0) continue;
    const old = was.get(id);
    const fresh = !old || old.endpoints.size === 0;
    for (const address of port.addresses) {
      if (fresh || !old.addresses.includes(address)) add('--orig-dst', address, '--orig-port-dst', String(port.port));
    }
    if (port.nodePort > 0 && (fresh || old.nodePort !== port.nodePort)) add('--orig-port-dst', String(port.nodePort));
  }
  return deletions;
}

function udpPorts(ports: readonly ProxiedPort[]): Map<string, UdpPort> {
  const found = new Map<string, UdpPort>();
  for (const { port, chosen } of ports) {
    if (port.protocol !== 'udp') continue;
    found.set(`${port.namespace}/${port.name}/${port.portName}`, {
      addresses: [port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs],
      port: port.port,
      nodePort: port.nodePort,
      endpoints: new Set([...chosen.cluster, ...chosen.local].map((each) => each.ip)),
    });
  }
  return found;
}
