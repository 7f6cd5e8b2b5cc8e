import type { Pod, Service, ServicePort } from '@coracle/api/types/core/v1';
import type { Endpoint, EndpointPort, EndpointSlice } from '@coracle/api/types/discovery/v1';

export const service = (name: string, spec: Partial<Service['spec']>, namespace = 'default'): Service => ({
  metadata: { name, namespace },
  spec: { ports: [], ...spec },
});

export const port = (number: number, name?: string, protocol?: string): ServicePort => ({
  name,
  port: number,
  protocol,
});

let slices = 0;

/** A slice of a Service's endpoints; each is an address, or more than that. */
export function slice(
  of: string,
  endpoints: readonly (string | (Omit<Endpoint, 'addresses'> & { address: string }))[],
  ports: readonly EndpointPort[] = [],
  namespace = 'default',
): EndpointSlice {
  const whole = endpoints.map((each): Endpoint => {
    const { address, ...rest } = typeof each === 'string' ? { address: each } : each;
    return { addresses: [address], conditions: { ready: true }, ...rest };
  });
  return {
    metadata: { name: `${of}-${++slices}`, namespace, labels: { 'kubernetes.io/service-name': of } },
    addressType: whole[0]?.addresses[0]?.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: whole,
    ports: [...ports],
  };
}

export const pod = (name: string, address: string, phase = 'Running', namespace = 'default'): Pod => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: 'c', image: 'x' }] },
  status: { phase, podIP: address, podIPs: [{ ip: address }] },
});
