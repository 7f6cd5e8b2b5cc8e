import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Family } from './family.ts';

/** One address and port behind a Service's port. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Whether it is on this proxy's node. */
  readonly local: boolean;
  /** Zones and nodes it is meant for; undefined without a hint. */
  readonly zones: ReadonlySet<string> | undefined;
  readonly nodes: ReadonlySet<string> | undefined;
}

/** Names a port within a Service: two ports may share a name when their protocols differ. */
export function portKey(portName: string, protocol: string): string {
  return `${protocol.toLowerCase()}/${portName}`;
}

/**
 * Joins the slices of one Service into its endpoints, by `portKey`, each address and port once (slices may overlap for a moment;
 * the one that says ready wins), in the order of their addresses.
 */
export function endpointsByPort(
  slices: readonly EndpointSlice[],
  family: Family,
  nodeName: string,
): Map<string, Endpoint[]> {
  const ports = new Map<string, Map<string, Endpoint>>();
  for (const slice of slices) {
    if (slice.addressType !== family.name) continue;
    for (const { name, port, protocol } of slice.ports ?? []) {
      if (port === undefined || port === null) continue;
      const key = portKey(name ?? '', protocol ?? 'TCP');
      const found = ports.get(key) ?? new Map<string, Endpoint>();
      ports.set(key, found);
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses?.[0];
        if (!ip || !family.has(ip)) continue;
        const { ready, serving, terminating } = endpoint.conditions ?? {};
        const id = `${ip}/${port}`;
        if (found.get(id)?.ready) continue;
        found.set(id, {
          ip,
          port,
          ready: ready ?? true,
          serving: serving ?? ready ?? true,
          terminating: terminating ?? false,
          local: nodeName !== '' && endpoint.nodeName === nodeName,
          zones: hints(endpoint.hints?.forZones),
          nodes: hints(endpoint.hints?.forNodes),
        });
      }
    }
  }
  const sorted = (found: Map<string, Endpoint>) =>
    [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return new Map([...ports].map(([key, found]) => [key, sorted(found)]));
}

function hints(list: readonly { name: string }[] | undefined): Set<string> | undefined {
  return list?.length ? new Set(list.map((each) => each.name)) : undefined;
}
