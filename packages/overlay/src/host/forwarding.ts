import { rows } from './run.ts';

/** Marks the routes this program makes, in the kernel's table: a number that no routing daemon of Linux goes by. */
export const routeProtocol = '144';

export interface Route {
  /** The gateway. */
  via: string;
  dev: string;
  /** The gateway is on the link, whatever the addresses say. */
  onlink: boolean;
}

/** What leads packets to other nodes. */
export interface Forwarding {
  /** By subnet, `10.244.1.0/24`. */
  routes: ReadonlyMap<string, Route>;
  /** Gateway address -> MAC, on the VXLAN device. */
  neighbours: ReadonlyMap<string, string>;
  /** MAC -> address of the node it is behind, on the VXLAN device. */
  entries: ReadonlyMap<string, string>;
}

/** Commands that change one state into another, in the order they are to be run. */
export interface ForwardingChanges {
  /** `ip`: what must be gone or there before forwarding entries. */
  before: string[];
  /** `bridge` */
  entries: string[];
  /** `ip` */
  after: string[];
}

/**
 * What turns the kernel's state into the wanted one. For a peer that appears the neighbour comes first, then the forwarding entry, and
 * the route last, so that no packet takes a way that is not complete; for one that goes the order is reversed.
 */
export function changesBetween(now: Forwarding, wanted: Forwarding, device: string | undefined): ForwardingChanges {
  const changes: ForwardingChanges = { before: [], entries: [], after: [] };
  for (const [subnet, route] of now.routes) {
    if (!wanted.routes.has(subnet)) changes.before.push(`route del ${subnet} via ${route.via} dev ${route.dev}`);
  }
  for (const [address, mac] of wanted.neighbours) {
    if (now.neighbours.get(address) !== mac) {
      changes.before.push(`neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`);
    }
  }
  for (const [mac, node] of wanted.entries) {
    if (now.entries.get(mac) !== node) {
      changes.entries.push(`fdb replace ${mac} dev ${device} dst ${node} self permanent`);
    }
  }
  for (const [mac, node] of now.entries) {
    if (!wanted.entries.has(mac)) changes.entries.push(`fdb del ${mac} dev ${device} dst ${node} self`);
  }
  for (const [subnet, route] of wanted.routes) {
    if (!sameRoute(now.routes.get(subnet), route)) {
      const { via, dev, onlink } = route;
      changes.after.push(
        `route replace ${subnet} via ${via} dev ${dev} proto ${routeProtocol}${onlink ? ' onlink' : ''}`,
      );
    }
  }
  for (const address of now.neighbours.keys()) {
    if (!wanted.neighbours.has(address)) changes.after.push(`neigh del ${address} dev ${device}`);
  }
  return changes;
}

const sameRoute = (a: Route | undefined, b: Route): boolean =>
  a?.via === b.via && a.dev === b.dev && a.onlink === b.onlink;

interface RouteRow {
  dst: string;
  gateway?: string;
  dev?: string;
  protocol?: string;
  flags?: string[];
}

/** The kernel's state: routes of ours, and what is on the VXLAN device when there is one. */
export async function readForwarding(device: string | undefined): Promise<Forwarding> {
  const [routes, neighbours, entries] = await Promise.all([
    readRoutes(device),
    device === undefined
      ? []
      : rows<{ dst: string; lladdr?: string }>('ip', '-4', 'neigh', 'show', 'dev', device, 'nud', 'permanent'),
    device === undefined ? [] : rows<{ mac: string; dst?: string }>('bridge', 'fdb', 'show', 'dev', device),
  ]);
  return {
    routes,
    neighbours: new Map(neighbours.map(({ dst, lladdr = '' }) => [dst, lladdr])),
    entries: new Map(entries.flatMap(({ mac, dst }) => (dst ? [[mac, dst]] : []))),
  };
}

/** Routes with our mark, and whatever leads over our device. */
export async function readRoutes(device?: string): Promise<Map<string, Route>> {
  const all = await rows<RouteRow>('ip', '-4', '-details', 'route', 'show', 'table', 'main');
  const ours = all.filter(
    (each) => each.gateway && (each.protocol === routeProtocol || (device && each.dev === device)),
  );
  return new Map(
    ours.map(({ dst, gateway, dev, flags }) => [
      dst.includes('/') ? dst : `${dst}/32`,
      { via: gateway!, dev: dev ?? '', onlink: flags?.includes('onlink') ?? false },
    ]),
  );
}
