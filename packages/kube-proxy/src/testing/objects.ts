import type { Service, ServiceSpec } from '@coracle/api/types/core/v1';
import type { Endpoint, EndpointSlice } from '@coracle/api/types/discovery/v1';

export function makeService(name: string, spec: ServiceSpec, status: Service['status'] = {}): Service {
  return { metadata: { name, namespace: 'default' }, spec: { type: 'ClusterIP', ...spec }, status };
}

export const http = { name: 'http', port: 80, protocol: 'TCP' };

/** A slice of a Service with the given endpoints: addresses, or whole endpoints. */
export function makeSlice(
  service: string,
  endpoints: readonly (string | Endpoint)[],
  port: { name?: string; port: number; protocol?: string } = { name: 'http', port: 8080, protocol: 'TCP' },
): EndpointSlice {
  const list = endpoints.map((each) => (typeof each === 'string' ? { addresses: [each] } : each));
  return {
    metadata: {
      name: `${service}-${list.length}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: list[0]?.addresses[0]?.includes(':') ? 'IPv6' : 'IPv4',
    ports: [port],
    endpoints: list,
  };
}
