import type { ProxiedPort } from '../service-model.ts';
import type { Flow } from './flows.ts';

/** A UDP address of Services and the endpoints behind it. */
type Destinations = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * UDP has no end of a connection: a client that keeps sending from one port stays with the endpoint its first packet went to, or with
 * nothing when there was none. Where UDP Services lead, by `address port` (node ports by `* port`).
 */
export function udpDestinations(ports: readonly ProxiedPort[]): Destinations {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { port, chosen } of ports) {
    if (port.protocol !== 'udp') continue;
    const endpoints = new Set([...chosen.cluster, ...chosen.local].map((each) => each.ip));
    for (const address of [port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs]) {
      found.set(`${address} ${port.port}`, endpoints);
    }
    if (port.nodePort > 0) found.set(`* ${port.nodePort}`, endpoints);
  }
  return found;
}

/** Whether any flow could have become stale: a destination is new or gone, or its endpoints changed. */
export function mayStrand(before: Destinations, after: Destinations): boolean {
  const differs = (endpoints: ReadonlySet<string> | undefined, others: ReadonlySet<string>) =>
    endpoints === undefined || endpoints.size !== others.size || !others.isSubsetOf(endpoints);
  if ([...before.keys()].some((key) => !after.has(key))) return true;
  return [...after].some(([key, endpoints]) => differs(before.get(key), endpoints));
}

/**
 * The flows that the rules would not send where they go: to an endpoint that is gone, or, while there are endpoints, to none. `onNode`
 * tells the addresses of this node that answer on node ports.
 */
export function staleFlows(
  flows: readonly Flow[],
  before: Destinations,
  after: Destinations,
  onNode: (address: string) => boolean,
): Flow[] {
  const nobody: ReadonlySet<string> = new Set();
  const endpointsOf = (key: string) => after.get(key) ?? (before.has(key) ? nobody : undefined);
  return flows.filter(({ destination, destinationPort, answeredBy }) => {
    const endpoints =
      endpointsOf(`${destination} ${destinationPort}`) ??
      (onNode(destination) ? endpointsOf(`* ${destinationPort}`) : undefined);
    if (!endpoints || endpoints.has(answeredBy)) return false;
    return endpoints.size > 0 || answeredBy !== destination;
  });
}
