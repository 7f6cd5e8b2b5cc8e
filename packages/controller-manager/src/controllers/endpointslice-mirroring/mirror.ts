import type { EndpointAddress, EndpointSubset, Endpoints } from '@coracle/api/types/core/v1';
import type { Endpoint, EndpointPort } from '@coracle/api/types/discovery/v1';
import type { AddressType } from '../endpointslice/desired.ts';

/** Upstream's default of --mirroring-max-endpoints-per-subset: what is beyond it is not mirrored. */
const mostPerSubset = 1000;
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'endpoints.kubernetes.io/last-change-trigger-time',
]);

export interface Mirrored {
  ports: EndpointPort[];
  endpoints: Endpoint[];
}

/** What slices of one address family must hold so that they say what the Endpoints object says; one group for each list of ports. */
export function mirrored(source: Endpoints, type: AddressType): Mirrored[] {
  const groups = new Map<string, Mirrored>();
  for (const subset of source.subsets ?? []) {
    const ports = portsOf(subset);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    const all = [
      ...(subset.addresses ?? []).map((address) => endpointOf(address, true)),
      ...(subset.notReadyAddresses ?? []).map((address) => endpointOf(address, false)),
    ];
    group.endpoints.push(...all.slice(0, mostPerSubset).filter((each) => familyOf(each.addresses[0]!) === type));
    if (group.endpoints.length > 0) groups.set(key, group);
  }
  return [...groups.values()];
}

/** The annotations slices take over from the Endpoints object. */
export function annotationsOf(source: Endpoints): Record<string, string> {
  return Object.fromEntries(Object.entries(source.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key)));
}

const familyOf = (address: string): AddressType => (address.includes(':') ? 'IPv6' : 'IPv4');

function portsOf(subset: EndpointSubset): EndpointPort[] {
  return (subset.ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}
