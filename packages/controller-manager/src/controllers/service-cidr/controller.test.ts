import { service } from '@coracle/api/core/v1/service';
import { findCondition } from '@coracle/api/meta/conditions';
import { ipAddress } from '@coracle/api/networking/v1/ipaddress';
import { serviceCidr } from '@coracle/api/networking/v1/servicecidr';
import type { Service } from '@coracle/api/types/core/v1';
import type { ServiceCIDR } from '@coracle/api/types/networking/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { serviceCidrController } from './controller.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await testCluster([serviceCidrController({ grace: 0 })]);
});
afterEach(() => cluster.close());

const make = (name: string, ...cidrs: string[]) =>
  cluster.client.create(serviceCidr, { metadata: { name }, spec: { cidrs } });
const readiness = (name: string, status: string) =>
  cluster.eventually(
    () => cluster.get(serviceCidr, name),
    (it: ServiceCIDR) => findCondition(it.status?.conditions, 'Ready')?.status === status,
  );
const serviceAt = (clusterIP: string): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP, ports: [{ port: 80, protocol: 'TCP' }] },
});

/** A service with an address of that range, which is made ready first. */
async function used(name: string, cidr: string, address: string): Promise<void> {
  await make(name, cidr);
  await readiness(name, 'True');
  await cluster.client.create(service, serviceAt(address));
}
const gone = (name: string) => cluster.eventually(() => cluster.gone(serviceCidr, name), Boolean);

describe('a ServiceCIDR', () => {
  it('is made ready, protected, and given addresses from', async () => {
    await used('more', '10.1.0.0/24', '10.1.0.9');
    const { metadata, status } = await cluster.get(serviceCidr, 'more');
    expect(metadata.finalizers).toEqual(['networking.k8s.io/service-cidr-finalizer']);
    expect(status?.conditions).toEqual([
      {
        type: 'Ready',
        status: 'True',
        reason: '',
        message: 'Kubernetes Service CIDR is ready',
        lastTransitionTime: expect.any(String),
      },
    ]);
  });

  it('stays while a service has an address of it, says so, and takes no new ones', async () => {
    await used('more', '10.1.0.0/24', '10.1.0.9');
    await cluster.client.delete(serviceCidr, 'more');
    expect((await readiness('more', 'False')).status?.conditions).toMatchObject([
      {
        reason: 'Terminating',
        message:
          'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
      },
    ]);
    const late = { ...serviceAt('10.1.0.10'), metadata: { name: 'late', namespace: 'default' } };
    await expect(cluster.client.create(service, late)).rejects.toThrow('does not match the current range');
    await cluster.client.delete(service, 'web', 'default');
    await gone('more');
  });

  it('goes once another holds its addresses', async () => {
    await used('more', '10.1.0.0/24', '10.1.0.9');
    await cluster.client.delete(serviceCidr, 'more');
    await readiness('more', 'False');
    await make('wide', '10.1.0.0/16');
    await gone('more');
    expect(await cluster.get(ipAddress, '10.1.0.9')).toBeDefined();
  });

  it('goes at once when nobody has an address of it alone', async () => {
    await make('unused', '10.3.0.0/24', 'fd00:3::/112');
    await readiness('unused', 'True');
    await cluster.client.create(ipAddress, {
      metadata: { name: '10.3.0.7' },
      spec: { parentRef: { resource: 'gateways', group: 'example.com', name: 'x', namespace: 'default' } },
    });
    await cluster.client.delete(serviceCidr, 'unused');
    await gone('unused');
  });

  it('is not gone before every API server can have heard of it', async () => {
    const patient = await testCluster([serviceCidrController({ grace: 3_600_000 })]);
    try {
      await patient.client.create(serviceCidr, { metadata: { name: 'x' }, spec: { cidrs: ['10.4.0.0/24'] } });
      await patient.eventually(
        () => patient.get(serviceCidr, 'x'),
        (it) => it.metadata.finalizers !== undefined && it.status?.conditions !== undefined,
      );
      await patient.client.delete(serviceCidr, 'x');
      // Another that is made afterwards has been looked at after it.
      await patient.client.create(serviceCidr, { metadata: { name: 'y' }, spec: { cidrs: ['10.4.0.0/25'] } });
      await patient.eventually(
        () => patient.get(serviceCidr, 'y'),
        (it) => it.status?.conditions !== undefined,
      );
      expect((await patient.get(serviceCidr, 'x')).metadata.finalizers).toHaveLength(1);
    } finally {
      await patient.close();
    }
  });
});
