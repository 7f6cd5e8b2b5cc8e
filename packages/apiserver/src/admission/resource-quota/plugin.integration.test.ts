import { pod } from '@coracle/api/core/v1/pod';
import { resourceQuota } from '@coracle/api/core/v1/resourcequota';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EtcdStore } from '../../storage/etcd-store.ts';
import { startEtcd, type TestEtcd } from '../../testing/etcd.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import { resourceQuotas } from './plugin.ts';

let etcd: TestEtcd;
let stores: EtcdStore[];
let servers: TestServer[];

beforeEach(async () => {
  etcd = await startEtcd();
  stores = [0, 1].map(() => new EtcdStore({ servers: [etcd.url] }));
  servers = [];
  for (const [i, store] of stores.entries()) {
    servers.push(await startApiServer({ store, plugins: [resourceQuotas()], namespaces: i === 0 }));
  }
});
afterEach(async () => {
  for (const server of servers) await server.close();
  for (const store of stores) await store.close();
  await etcd.close();
});

it('two servers over one etcd let in exactly what a quota has room for', async () => {
  const [{ client }] = servers as [TestServer];
  const hard = { pods: '10', 'requests.cpu': '5' };
  const made = await client.create(resourceQuota, { metadata: { name: 'q', namespace: 'default' }, spec: { hard } });
  await client.updateStatus(resourceQuota, { ...made, status: { hard, used: { pods: '0', 'requests.cpu': '0' } } });
  for (const each of servers) await each.client.list(resourceQuota, { namespace: 'default' });
  const run = (i: number) =>
    servers[i % 2]!.client.create(pod, {
      metadata: { name: `p${i}`, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '100m' } } }] },
    });
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => run(i)));
  const refusals = outcomes.filter((each) => each.status === 'rejected').map(({ reason }) => reason.message as string);
  expect(refusals).toHaveLength(40);
  for (const each of refusals)
    expect(each).toContain('exceeded quota: q, requested: pods=1, used: pods=10, limited: pods=10');
  const { items } = await client.list(pod, { namespace: 'default' });
  expect(items).toHaveLength(10);
  const { status } = await client.get(resourceQuota, 'q', 'default');
  expect(status?.used).toEqual({ pods: '10', 'requests.cpu': '1' });
  // What is gone is free again once it has been counted anew, which is not for this server to do.
  await Promise.all(items.map(({ metadata }, i) => servers[i % 2]!.client.delete(pod, metadata.name!, 'default')));
  await expect(run(1)).rejects.toThrow('exceeded quota: q');
});
