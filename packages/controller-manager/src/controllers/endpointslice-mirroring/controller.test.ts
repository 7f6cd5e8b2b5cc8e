import { endpoints } from '@coracle/api/core/v1/endpoints';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import type { Endpoints, Service } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { endpointSliceMirroringController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const serviceOf = (name: string, selector?: Record<string, string>): Service => ({
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ name: 'http', port: 80 }], selector },
});
const endpointsOf = (name: string, labels: Record<string, string> = {}): Endpoints => ({
  metadata: { name, namespace: 'default', labels },
  subsets: [
    {
      addresses: [{ ip: '192.0.2.1' }],
      notReadyAddresses: [{ ip: '192.0.2.2' }],
      ports: [{ name: 'http', port: 8080 }],
    },
    { addresses: [{ ip: '2001:db8::1' }], ports: [{ name: 'http', port: 8080 }] },
  ],
});
const slices = () =>
  cluster.list(
    endpointSlice,
    'default',
    'endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io',
  );

describe('endpointslice-mirroring-controller', () => {
  it('copies the Endpoints of a Service without a selector, follows their changes, and their end', async () => {
    cluster = await testCluster([endpointSliceMirroringController()]);
    await cluster.client.create(service, serviceOf('outside'));
    await cluster.client.create(endpoints, endpointsOf('outside', { from: 'me' }));
    const made = await cluster.eventually(slices, (all) => all.length === 2);
    const v4 = made.find((each) => each.addressType === 'IPv4')!;
    expect(v4).toMatchObject({
      metadata: {
        labels: { from: 'me', 'kubernetes.io/service-name': 'outside' },
        ownerReferences: [{ kind: 'Endpoints', name: 'outside', controller: true }],
      },
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['192.0.2.1'], conditions: { ready: true } },
        { addresses: ['192.0.2.2'], conditions: { ready: false } },
      ],
    });
    await cluster.change(endpoints, 'outside', (it) => {
      it.subsets = [{ addresses: [{ ip: '192.0.2.3' }], ports: [{ name: 'http', port: 8080 }] }];
    });
    const changed = await cluster.eventually(
      slices,
      (all) => all.length === 1 && all[0]!.endpoints?.[0]?.addresses[0] === '192.0.2.3',
    );
    expect(changed[0]!.metadata.uid).toBe(v4.metadata.uid);
    await cluster.client.delete(endpoints, 'outside', 'default');
    await cluster.eventually(slices, (all) => all.length === 0);
  });

  it('leaves alone what is not to be mirrored, until it is', async () => {
    cluster = await testCluster([endpointSliceMirroringController()]);
    await cluster.client.create(service, serviceOf('selecting', { app: 'web' }));
    await cluster.client.create(endpoints, endpointsOf('selecting'));
    await cluster.client.create(service, serviceOf('skipped'));
    await cluster.client.create(
      endpoints,
      endpointsOf('skipped', { 'endpointslice.kubernetes.io/skip-mirror': 'true' }),
    );
    await cluster.client.create(endpoints, endpointsOf('late'));
    await cluster.client.create(service, serviceOf('late'));
    const made = await cluster.eventually(slices, (all) => all.length === 2);
    expect(made.map((each) => each.metadata.labels?.['kubernetes.io/service-name'])).toEqual(['late', 'late']);
  });
});
