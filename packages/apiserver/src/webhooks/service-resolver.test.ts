import { service } from '@coracle/api/core/v1/service';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { describe, expect, it } from '@jest/globals';
import type { ObjectAccess } from '../registry/access.ts';
import { clusterIpResolver, endpointResolver, serviceLabel } from './service-resolver.ts';

const ports = [{ name: 'https', port: 443 }];
const there = new Map<AnyKind, Record<string, object>>([
  [
    service,
    {
      plain: { spec: { type: 'ClusterIP', clusterIP: '10.0.0.7', ports } },
      headless: { spec: { type: 'ClusterIP', clusterIP: 'None', ports } },
      outside: { spec: { type: 'ExternalName', externalName: 'hook.example.com' } },
      lonely: { spec: { clusterIP: '10.0.0.8', ports } },
    },
  ],
]);
const slice = (name: string, port: number, ...ready: Record<string, boolean | undefined>[]): EndpointSlice => ({
  metadata: { name: `plain-${port}`, namespace: 'a' },
  addressType: 'IPv4',
  ports: [{ name, port }],
  endpoints: ready.flatMap((each) =>
    Object.entries(each).map(([address, isReady]) => ({
      addresses: [address],
      conditions: isReady === undefined ? {} : { ready: isReady },
    })),
  ),
});
const slices: Record<string, EndpointSlice[]> = {
  plain: [
    slice('other', 1, { '10.1.0.9': true }),
    slice('https', 8443, { '10.1.0.1': true, '10.1.0.2': undefined, '10.1.0.3': false }),
  ],
};
const objects = {
  cached: (kind: AnyKind, name: string) => there.get(kind)?.[name] as KubeObject | undefined,
  cachedList: (_kind: AnyKind, _namespace: string, selector: Selector) =>
    Object.entries(slices).flatMap(([name, all]) => (selector.matches({ [serviceLabel]: name }) ? all : [])),
} as unknown as Pick<ObjectAccess, 'cached' | 'cachedList'>;

describe('a Service of a webhook', () => {
  it('is reached at its cluster IP, and an external one by its name', () => {
    const resolve = clusterIpResolver(objects);
    expect(resolve('a', 'plain', 443)).toEqual({ host: '10.0.0.7', port: 443 });
    expect(resolve('a', 'outside', 8443)).toEqual({ host: 'hook.example.com', port: 8443 });
    expect(() => resolve('a', 'none', 443)).toThrow('service "none" not found');
    expect(() => resolve('a', 'plain', 80)).toThrow('no service port 80 found for service "plain"');
    expect(() => resolve('a', 'headless', 443)).toThrow('cannot route to service with ClusterIP "None"');
  });

  it('is reached at one of the endpoints of that port, where kube-proxy does not route', () => {
    const resolve = endpointResolver(objects);
    const seen = new Set(Array.from({ length: 100 }, () => JSON.stringify(resolve('a', 'plain', 443))));
    expect([...seen].sort()).toEqual(['{"host":"10.1.0.1","port":8443}', '{"host":"10.1.0.2","port":8443}']);
    expect(() => resolve('a', 'lonely', 443)).toThrow('no endpoints available for service "lonely"');
    expect(() => resolve('a', 'outside', 443)).toThrow('unsupported service type "ExternalName"');
  });
});
