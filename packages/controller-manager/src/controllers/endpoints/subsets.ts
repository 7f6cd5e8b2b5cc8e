import { isIPv6 } from 'node:net';
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from '@coracle/api/types/core/v1';
import { isReady } from '../../pods.ts';
import { hostnameIn, isHeadless, isReachable, resolvePorts } from '../../service-endpoints.ts';

/** The most addresses an Endpoints object holds. */
export const maxAddresses = 1000;

/** The subsets of a service's Endpoints: addresses by the ports they share, each list sorted, so that equal means equal. */
export function subsetsOf(service: Service, pods: readonly Pod[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const notReadyToo = service.spec?.publishNotReadyAddresses === true;
  const ipv6 = service.spec?.ipFamilies?.[0] === 'IPv6';
  const groups = new Map<string, Required<EndpointSubset>>();
  const reachable = pods.filter((pod) => isReachable(pod, notReadyToo));
  // Where not all fit, ready ones go first.
  const isServed = (pod: Pod): boolean => notReadyToo || isReady(pod);
  const sorted = [...reachable.filter(isServed), ...reachable.filter((pod) => !isServed(pod))];
  for (const pod of sorted.slice(0, maxAddresses)) {
    const ip = pod.status!.podIPs!.find((each) => isIPv6(each.ip) === ipv6)?.ip;
    if (!ip) continue;
    const ports = resolvePorts(service, pod).map(
      ({ name, port, protocol, appProtocol }): EndpointPort => ({
        ...(name === '' ? {} : { name }),
        port,
        protocol,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      }),
    );
    if (ports.length === 0 && !(isHeadless(service) && (service.spec?.ports ?? []).length === 0)) continue;
    ports.sort((a, b) =>
      `${a.name ?? ''}/${a.protocol}/${a.port}` < `${b.name ?? ''}/${b.protocol}/${b.port}` ? -1 : 1,
    );
    const id = JSON.stringify(ports);
    const group = groups.get(id) ?? { ports, addresses: [], notReadyAddresses: [] };
    (isServed(pod) ? group.addresses : group.notReadyAddresses).push(addressOf(service, pod, ip));
    groups.set(id, group);
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : 1);
  const subsets = [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, addresses, notReadyAddresses }]) => ({
      ...(addresses.length > 0 ? { addresses: addresses.sort(byIp) } : {}),
      ...(notReadyAddresses.length > 0 ? { notReadyAddresses: notReadyAddresses.sort(byIp) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    }));
  return { subsets, truncated: sorted.length > maxAddresses };
}

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { name, namespace, uid } = pod.metadata;
  const hostname = hostnameIn(service, pod);
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
