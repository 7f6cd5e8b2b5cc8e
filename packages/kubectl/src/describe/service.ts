import type { Endpoints, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { labelText } from '../print/table.ts';
import type { Session } from '../session.ts';
import { Description } from './description.ts';

export async function describeService(service: Service, session: Session): Promise<Description> {
  const out = new Description();
  const { metadata, spec, status } = service;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `Selector:\t${labelText(spec?.selector)}`);
  out.line(0, `Type:\t${spec?.type ?? ''}`);
  if (spec?.ipFamilyPolicy) out.line(0, `IP Family Policy:\t${spec.ipFamilyPolicy}`);
  out.line(0, `IP Families:\t${spec?.ipFamilies?.join(',') || '<none>'}`);
  out.line(0, `IP:\t${spec?.clusterIP ?? ''}`);
  out.line(0, `IPs:\t${spec?.clusterIPs?.join(',') || '<none>'}`);
  if (spec?.externalIPs?.length) out.line(0, `External IPs:\t${spec.externalIPs.join(',')}`);
  if (spec?.loadBalancerIP) out.line(0, `Desired LoadBalancer IP:\t${spec.loadBalancerIP}`);
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0) {
    const shown = ingress.map((each) => `${each.ip || each.hostname || ''}${each.ipMode ? ` (${each.ipMode})` : ''}`);
    out.line(0, `LoadBalancer Ingress:\t${shown.join(', ')}`);
  }
  if (spec?.externalName) out.line(0, `External Name:\t${spec.externalName}`);
  const slices = await endpointSlices(metadata.namespace!, metadata.name!, session);
  for (const port of spec?.ports ?? []) {
    const name = port.name || '<unset>';
    const protocol = port.protocol ?? 'TCP';
    out.line(0, `Port:\t${name}\t${port.port}/${protocol}`);
    out.line(0, `TargetPort:\t${port.targetPort ?? 0}/${protocol}`);
    if (port.nodePort) out.line(0, `NodePort:\t${name}\t${port.nodePort}/${protocol}`);
    out.line(0, `Endpoints:\t${endpointsText(slices, port.name ?? '')}`);
  }
  out.line(0, `Session Affinity:\t${spec?.sessionAffinity ?? ''}`);
  if (spec?.externalTrafficPolicy) out.line(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}`);
  if (spec?.internalTrafficPolicy) out.line(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}`);
  if (spec?.trafficDistribution) out.line(0, `Traffic Distribution:\t${spec.trafficDistribution}`);
  if (spec?.healthCheckNodePort) out.line(0, `HealthCheck NodePort:\t${spec.healthCheckNodePort}`);
  if (spec?.loadBalancerSourceRanges?.length)
    out.line(0, `LoadBalancer Source Ranges:\t${spec.loadBalancerSourceRanges.join(',')}`);
  return out;
}

/** The slices that hold a service's endpoints. */
export async function endpointSlices(namespace: string, name: string, session: Session): Promise<EndpointSlice[]> {
  const { items } = await session.rest.json<{ items: EndpointSlice[] | null }>(
    'GET',
    `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`,
    { query: { labelSelector: `kubernetes.io/service-name=${name}` } },
  );
  return items ?? [];
}

const shownEndpoints = 3;

/** Up to three ready endpoints of a port, and how many more there are. */
export function endpointsText(slices: readonly EndpointSlice[], portName: string): string {
  if (slices.length === 0) return '<none>';
  const found = slices.flatMap((slice) => {
    const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready ?? true);
    if (!slice.ports?.length) return ready.map((endpoint) => endpoint.addresses[0]!);
    return slice.ports
      .filter((port) => (port.name ?? '') === portName)
      .flatMap((port) => ready.map((endpoint) => joined(endpoint.addresses[0]!, port.port ?? 0)));
  });
  const shown = found.slice(0, shownEndpoints).join(',');
  return found.length > shownEndpoints ? `${shown} + ${found.length - shownEndpoints} more...` : shown;
}

const joined = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

export function describeEndpoints(endpoints: Endpoints): Description {
  const out = new Description();
  const { metadata, subsets = [] } = endpoints;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, 'Subsets:');
  for (const { addresses, notReadyAddresses, ports } of subsets) {
    out.line(1, `Addresses:\t${addresses?.map(({ ip }) => ip).join(',') || '<none>'}`);
    out.line(1, `NotReadyAddresses:\t${notReadyAddresses?.map(({ ip }) => ip).join(',') || '<none>'}`);
    if (ports?.length) {
      out.line(1, 'Ports:');
      out.line(2, 'Name\tPort\tProtocol');
      out.line(2, '----\t----\t--------');
      for (const port of ports) out.line(2, `${port.name || '<unset>'}\t${port.port}\t${port.protocol ?? 'TCP'}`);
    }
    out.line(0, '');
  }
  return out;
}

export function describeEndpointSlice(slice: EndpointSlice): Description {
  const out = new Description();
  const { metadata, addressType, ports, endpoints } = slice;
  out.line(0, `Name:\t${metadata.name}`);
  out.line(0, `Namespace:\t${metadata.namespace}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, `AddressType:\t${addressType}`);
  if (ports?.length) {
    out.line(0, 'Ports:');
    out.line(1, 'Name\tPort\tProtocol');
    out.line(1, '----\t----\t--------');
    for (const port of ports)
      out.line(1, `${port.name || '<unset>'}\t${port.port ?? '<unset>'}\t${port.protocol ?? 'TCP'}`);
  } else out.line(0, 'Ports: <unset>');
  if (!endpoints?.length) {
    out.line(0, 'Endpoints: <none>');
    return out;
  }
  out.line(0, 'Endpoints:');
  for (const endpoint of endpoints) {
    out.line(1, `- Addresses:\t${endpoint.addresses.join(', ')}`);
    out.line(2, 'Conditions:');
    out.line(3, `Ready:\t${endpoint.conditions?.ready ?? '<unset>'}`);
    out.line(2, `Hostname:\t${endpoint.hostname ?? '<unset>'}`);
    if (endpoint.targetRef) out.line(2, `TargetRef:\t${endpoint.targetRef.kind}/${endpoint.targetRef.name}`);
    out.line(2, `NodeName:\t${endpoint.nodeName ?? '<unset>'}`);
    out.line(2, `Zone:\t${endpoint.zone ?? '<unset>'}`);
    if (endpoint.deprecatedTopology && Object.keys(endpoint.deprecatedTopology).length > 0)
      out.labels('    Topology', endpoint.deprecatedTopology);
  }
  return out;
}
