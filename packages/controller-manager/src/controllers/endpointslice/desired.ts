import { isIPv6 } from 'node:net';
import { deepEqual } from '@coracle/api/meta/object';
import type { Node, Pod, Service } from '@coracle/api/types/core/v1';
import type { Endpoint, EndpointPort } from '@coracle/api/types/discovery/v1';
import { isReady } from '../../pods.ts';
import { hostnameIn, isHeadless, isReachable, resolvePorts } from '../../service-endpoints.ts';

export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints that share their ports: they may share slices. */
export interface EndpointGroup {
  ports: EndpointPort[];
  endpoints: Endpoint[];
}

/** The address families a service's endpoints are made for. */
export function addressTypes(service: Service): AddressType[] {
  const families = service.spec?.ipFamilies ?? [];
  if (families.length > 0) return families.map((family) => (family === 'IPv6' ? 'IPv6' : 'IPv4'));
  const { clusterIP } = service.spec ?? {};
  return [clusterIP && clusterIP !== 'None' && isIPv6(clusterIP) ? 'IPv6' : 'IPv4'];
}

/** A pod's node is not in the cache yet; its zone is not known. */
export class NodeUnknown extends Error {
  override name = 'NodeUnknown';
}

/**
 * The endpoints the service should have, by the ports they resolve to. `nodeOf` finds nodes by name; a pod whose node is not known is
 * left out and reported in `unknown`.
 */
export function desiredEndpoints(
  service: Service,
  pods: readonly Pod[],
  type: AddressType,
  nodeOf: (name: string) => Node | undefined,
): { groups: EndpointGroup[]; unknown: string[] } {
  const groups = new Map<string, EndpointGroup>();
  const unknown: string[] = [];
  for (const pod of pods) {
    if (!isReachable(pod, true)) continue;
    const address = pod.status!.podIPs!.find(({ ip }) => isIPv6(ip) === (type === 'IPv6'))?.ip;
    if (!address) continue;
    const ports = portsOf(service, pod);
    // A service with ports has nothing to offer on a pod that has none of them.
    if (ports.length === 0 && !(isHeadless(service) && (service.spec?.ports ?? []).length === 0)) continue;
    const node = pod.spec?.nodeName ? nodeOf(pod.spec.nodeName) : undefined;
    if (pod.spec?.nodeName && !node && !service.spec?.publishNotReadyAddresses) {
      unknown.push(pod.spec.nodeName);
      continue;
    }
    const id = JSON.stringify(ports);
    const group = groups.get(id) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod, address, node));
    groups.set(id, group);
  }
  return { groups: [...groups.values()], unknown };
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports = resolvePorts(service, pod).map(
    ({ name, port, protocol, appProtocol }): EndpointPort => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }),
  );
  return ports.sort((a, b) => (`${a.name}/${a.protocol}` < `${b.name}/${b.protocol}` ? -1 : 1));
}

function endpointOf(service: Service, pod: Pod, address: string, node: Node | undefined): Endpoint {
  const serving = isReady(pod);
  const terminating = Boolean(pod.metadata.deletionTimestamp);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { name, namespace, uid } = pod.metadata;
  const endpoint: Endpoint = {
    addresses: [address],
    conditions: { ready, serving, terminating },
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
  if (pod.spec?.nodeName) endpoint.nodeName = pod.spec.nodeName;
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  if (zone) endpoint.zone = zone;
  const hostname = hostnameIn(service, pod);
  if (hostname) endpoint.hostname = hostname;
  const hints = hintsOf(service, endpoint);
  if (hints) endpoint.hints = hints;
  return endpoint;
}

/** Where traffic to the endpoint should come from, as spec.trafficDistribution asks. */
function hintsOf(service: Service, { conditions, nodeName, zone }: Endpoint): Endpoint['hints'] {
  const wish = service.spec?.trafficDistribution;
  if (!wish || !conditions?.ready) return undefined;
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  const forNodes = wish === 'PreferSameNode' && nodeName ? { forNodes: [{ name: nodeName }] } : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length > 0 ? hints : undefined;
}

/** Two endpoints of the same pod at the same address; one replaces the other. */
export const endpointId = (endpoint: Endpoint): string =>
  `${endpoint.addresses.join(',')}/${endpoint.hostname ?? ''}/${endpoint.targetRef?.namespace ?? ''}/${endpoint.targetRef?.name ?? ''}/${endpoint.targetRef?.uid ?? ''}`;

export const samePorts = (a: readonly EndpointPort[] | undefined, b: readonly EndpointPort[] | undefined): boolean => {
  const sorted = (ports: readonly EndpointPort[] | undefined): string[] =>
    (ports ?? [])
      .map((each) => JSON.stringify([each.name ?? '', each.port, each.protocol ?? 'TCP', each.appProtocol ?? '']))
      .sort();
  return deepEqual(sorted(a), sorted(b));
};
