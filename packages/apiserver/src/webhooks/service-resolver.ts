import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import { selectorFromSet } from '@coracle/api/meta/labels';
import { notFoundError, serviceUnavailable } from '@coracle/api/meta/status';
import type { Service, ServicePort } from '@coracle/api/types/core/v1';
import type { Endpoint, EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { ObjectAccess } from '../registry/access.ts';

/** Where a connection goes. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Finds what to connect to for a port of a Service. Throws with upstream's text when there is nothing. */
export type ServiceResolver = (namespace: string, name: string, port: number) => Address;

type Objects = Pick<ObjectAccess, 'cached' | 'cachedList'>;

/** The label that names the Service of an EndpointSlice. */
export const serviceLabel = 'kubernetes.io/service-name';

const withClusterIp = ['ClusterIP', 'NodePort', 'LoadBalancer'];

/** Resolves Services to their cluster IPs, which kube-proxy on this machine routes; the default. */
export function clusterIpResolver(objects: Objects): ServiceResolver {
  return (namespace, name, port) => {
    const { spec } = serviceOf(objects, namespace, name);
    const type = spec?.type ?? 'ClusterIP';
    if (type === 'ExternalName') return { host: spec?.externalName ?? '', port };
    if (!withClusterIp.includes(type)) throw unsupported(type);
    if (type === 'ClusterIP' && spec?.clusterIP === 'None') {
      throw new Error('cannot route to service with ClusterIP "None"');
    }
    portOf(spec?.ports, name, port);
    return { host: spec?.clusterIP ?? '', port };
  };
}

/** Resolves Services to one of their endpoints, `--enable-aggregator-routing`: for API servers that kube-proxy does not route for. */
export function endpointResolver(objects: Objects): ServiceResolver {
  return (namespace, name, port) => {
    const { spec } = serviceOf(objects, namespace, name);
    const type = spec?.type ?? 'ClusterIP';
    if (!withClusterIp.includes(type)) throw unsupported(type);
    const { name: portName = '' } = portOf(spec?.ports, name, port);
    const found = slicesOf(objects, namespace, name).flatMap((slice) => readyAddresses(slice, portName));
    const chosen = found[Math.floor(Math.random() * found.length)];
    if (!chosen) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
    return chosen;
  };
}

/** The EndpointSlices of a Service, from the cache. */
export function slicesOf(
  objects: Pick<ObjectAccess, 'cachedList'>,
  namespace: string,
  name: string,
): readonly EndpointSlice[] {
  return objects.cachedList(endpointSlice, namespace, selectorFromSet({ [serviceLabel]: name }));
}

/** Where the ready endpoints of a slice are that have the port; `portName` is empty for a port without a name. `counts`: which of their addresses. */
export function readyAddresses(
  { endpoints, ports }: EndpointSlice,
  portName: string,
  counts: (endpoint: Endpoint, address: string) => boolean = () => true,
): Address[] {
  const numbers = (ports ?? []).filter(({ name }) => (name ?? '') === portName).map(({ port }) => port);
  const hosts = (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready ?? true)
    .flatMap((endpoint) => endpoint.addresses.filter((address) => counts(endpoint, address)));
  return numbers.flatMap((port) => (port === undefined ? [] : hosts.map((host) => ({ host, port }))));
}

function serviceOf(objects: Objects, namespace: string, name: string): Service {
  const found = objects.cached(service, name, namespace);
  if (!found) throw notFoundError({ group: '', resource: 'service' }, name);
  return found;
}

function portOf(ports: readonly ServicePort[] = [], name: string, port: number): ServicePort {
  const found = ports.find((each) => each.port === port);
  if (!found) throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
  return found;
}

function unsupported(type: string): Error {
  return new Error(`unsupported service type ${JSON.stringify(type)}`);
}
