import { endpoints } from '@coracle/api/core/v1/endpoints';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import type { Pod, ServiceSpec } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, templateOf, testCluster } from '../../testing/cluster.ts';
import { endpointsController } from '../endpoints/controller.ts';
import { endpointSliceController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const start = async (settings = {}) => {
  cluster = await testCluster([endpointSliceController(), endpointsController()], settings);
};
const serve = (spec: Partial<ServiceSpec> = {}) =>
  cluster.client.create(service, {
    metadata: { name: 'web', namespace: 'default', labels: { team: 'shop' } },
    spec: {
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }],
      ...spec,
    },
  });
const run = (name: string, changes: Partial<Pod['spec']> = {}) => {
  const spec = { ...templateOf('web').spec!, ...changes };
  spec.containers = [{ ...spec.containers[0]!, ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' }] }];
  return cluster.client.create(pod, { metadata: { name, namespace: 'default', labels: { app: 'web' } }, spec });
};
const slices = () => cluster.list(endpointSlice, 'default', 'kubernetes.io/service-name=web');
const ready = (count: number) => (each: Awaited<ReturnType<typeof slices>>) =>
  each.flatMap((it) => it.endpoints ?? []).filter((it) => it.conditions?.ready).length === count;

describe('endpointslice-controller and endpoints-controller', () => {
  it('lead a service to its ready pods, by named port, node and zone', async () => {
    await start();
    await cluster.client.create(node, {
      metadata: { name: 'one', labels: { 'topology.kubernetes.io/zone': 'east' } },
      spec: {},
    });
    const { metadata } = await serve();
    const made = await run('a', { nodeName: 'one' });
    await cluster.setReady('a', true);
    const [slice] = await cluster.eventually(slices, ready(1));
    const { status } = await cluster.get(pod, 'a');
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      metadata: {
        generateName: 'web-',
        labels: {
          team: 'shop',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ownerReferences: [
          { kind: 'Service', name: 'web', uid: metadata.uid, controller: true, blockOwnerDeletion: true },
        ],
      },
    });
    expect(slice!.metadata.annotations).toHaveProperty(['endpoints.kubernetes.io/last-change-trigger-time']);
    expect(slice!.endpoints).toEqual([
      {
        addresses: [status!.podIP],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'one',
        zone: 'east',
        targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: made.metadata.uid },
      },
    ]);
    const old = await cluster.eventually(
      () => cluster.list(endpoints),
      (each) => (each[0]?.subsets?.[0]?.addresses ?? []).length === 1,
    );
    expect(old[0]!.subsets).toEqual([
      {
        addresses: [
          {
            ip: status!.podIP,
            nodeName: 'one',
            targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: made.metadata.uid },
          },
        ],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  it('follow readiness, termination and deletion', async () => {
    await start();
    await serve();
    await run('a');
    await cluster.setReady('a', true);
    await cluster.eventually(slices, ready(1));
    await cluster.setReady('a', false);
    const conditions = async () => (await slices()).flatMap((it) => it.endpoints ?? []).map((it) => it.conditions);
    const is = (wanted: unknown) => (each: unknown) => JSON.stringify(each) === JSON.stringify(wanted);
    await cluster.eventually(conditions, is([{ ready: false, serving: false, terminating: false }]));
    await cluster.eventually(
      () => cluster.get(endpoints, 'web'),
      (each) => each.subsets?.[0]?.notReadyAddresses?.length === 1 && !each.subsets[0].addresses,
    );
    await cluster.setReady('a', true);
    await cluster.change(pod, 'a', (it) => {
      it.metadata.finalizers = ['example.com/held'];
    });
    await cluster.client.delete(pod, 'a', 'default');
    await cluster.eventually(conditions, is([{ ready: false, serving: true, terminating: true }]));
    await cluster.change(pod, 'a', (it) => {
      it.metadata.finalizers = [];
    });
    await cluster.client.delete(pod, 'a', 'default', { gracePeriodSeconds: 0 }).catch(() => undefined);
    await cluster.eventually(conditions, is([]));
    expect(await slices()).toHaveLength(1);
    await cluster.eventually(
      () => cluster.get(endpoints, 'web'),
      (each) => (each.subsets ?? []).length === 0,
    );
  });

  it('publish pods that are not ready where asked, with host names in a headless service', async () => {
    await start();
    await serve({ clusterIP: 'None', publishNotReadyAddresses: true });
    await run('a', { hostname: 'first', subdomain: 'web' });
    await cluster.setReady('a', false);
    const [slice] = await cluster.eventually(slices, ready(1));
    expect(slice!.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '');
    expect(slice!.endpoints![0]).toMatchObject({ hostname: 'first', conditions: { ready: true, serving: false } });
  });

  it('fill slices up to their size and no further', async () => {
    await start({ maxEndpointsPerSlice: 2 });
    await serve();
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await run(name);
      await cluster.setReady(name, true);
    }
    const made = await cluster.eventually(slices, ready(5));
    expect(made.every((it) => (it.endpoints ?? []).length <= 2)).toBe(true);
    await cluster.client.delete(pod, 'a', 'default', { gracePeriodSeconds: 0 });
    await cluster.eventually(slices, ready(4));
  });

  it('remove the endpoints of a service that is gone', async () => {
    await start();
    await serve();
    await cluster.eventually(
      () => cluster.list(endpoints),
      (each) => each.length === 1,
    );
    await cluster.client.delete(service, 'web', 'default');
    await cluster.eventually(
      () => cluster.list(endpoints),
      (each) => each.length === 0,
    );
  });
});
