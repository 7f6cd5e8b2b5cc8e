import { endpoints } from '@coracle/api/core/v1/endpoints';
import { service } from '@coracle/api/core/v1/service';
import { notFoundError, serviceUnavailable } from '@coracle/api/meta/status';
import type { Service, ServicePort } from '@coracle/api/types/core/v1';
import type { ObjectAccess } from '../registry/access.ts';

/** Where a connection goes. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Finds what to connect to for a port of a Service. Throws with upstream's text when there is nothing. */
export type ServiceResolver = (namespace: string, name: string, port: number) => Address;

type Objects = Pick<ObjectAccess, 'cached'>;

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
    const found = (objects.cached(endpoints, name, namespace)?.subsets ?? []).flatMap(
      ({ addresses = [], ports = [] }) =>
        ports
          .filter((each) => (each.name ?? '') === portName)
          .flatMap((each) => addresses.map(({ ip }) => ({ host: ip, port: each.port }))),
    );
    const chosen = found[Math.floor(Math.random() * found.length)];
    if (!chosen) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
    return chosen;
  };
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
