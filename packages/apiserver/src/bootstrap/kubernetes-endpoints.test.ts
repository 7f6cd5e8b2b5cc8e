import { endpoints } from '@coracle/api/core/v1/endpoints';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../storage/store.ts';
import { eventually } from '../testing/expectations.ts';
import { ownStore } from '../testing/own-store.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { KubernetesEndpoints } from './kubernetes-endpoints.ts';
import { ServerLeases } from './server-leases.ts';

let store: Store;
let first: TestServer;
let second: TestServer;
const [one, two] = ['192.0.2.7', '192.0.2.8'];

beforeEach(async () => {
  store = await ownStore();
  first = await startApiServer({ store });
  second = await startApiServer({ store, namespaces: false });
});
afterEach(async () => {
  await first.close();
  await second.close();
  await store.close();
});

const endpointsOf = (server: TestServer, address: string, { port = 6443, ttl = 15 } = {}) =>
  new KubernetesEndpoints(server.registry, new ServerLeases(store, ttl), { address, port });

/** The addresses the Service has, as Endpoints and as EndpointSlice say. */
async function addresses(): Promise<(string | undefined)[][]> {
  await first.registry.fresh();
  const { registry } = first;
  return [
    (registry.cached(endpoints, 'kubernetes', 'default')?.subsets ?? []).flatMap(
      (subset) => subset.addresses?.map(({ ip }) => ip) ?? [],
    ),
    (registry.cached(endpointSlice, 'kubernetes', 'default')?.endpoints ?? []).flatMap((each) => each.addresses),
  ];
}

const both = { ports: true };

describe('the endpoints of the kubernetes Service', () => {
  it('name every server that is alive, and lose one that ends', async () => {
    const [a, b] = [endpointsOf(first, one), endpointsOf(second, two)];
    await a.reconcile(both);
    expect(await addresses()).toEqual([[one], [one]]);
    await b.reconcile(both);
    expect(await addresses()).toEqual([
      [one, two],
      [one, two],
    ]);
    await a.withdraw();
    expect(await addresses()).toEqual([[two], [two]]);
    expect((await store.list('/registry/masterleases/')).entries.map(({ key }) => key)).toEqual([
      `/registry/masterleases/${two}`,
    ]);
  });

  it('name both servers when both begin at the same time', async () => {
    const [a, b] = [endpointsOf(first, one), endpointsOf(second, two)];
    await Promise.all([a.reconcile(both), b.reconcile(both)]);
    await Promise.all([a.reconcile(both), b.reconcile(both)]);
    expect(await addresses()).toEqual([
      [one, two],
      [one, two],
    ]);
  });

  it('lose a server that has not been heard of for its time to live', async () => {
    await endpointsOf(first, one, { ttl: 1 }).reconcile(both);
    const b = endpointsOf(second, two);
    await b.reconcile(both);
    await eventually(async () => {
      await b.reconcile({ ports: false });
      return (await addresses())[1]!.length === 1;
    });
    expect(await addresses()).toEqual([[two], [two]]);
  });

  it('are not changed when nothing changed', async () => {
    const a = endpointsOf(first, one);
    await a.reconcile(both);
    const version = (await first.registry.get(endpointSlice, 'kubernetes', 'default'))?.metadata.resourceVersion;
    await first.registry.fresh();
    await a.reconcile(both);
    const now = await first.registry.get(endpointSlice, 'kubernetes', 'default');
    expect(now?.metadata.resourceVersion).toBe(version);
  });

  it('keep the last server, and are not touched by one that has gone', async () => {
    const a = endpointsOf(first, one);
    await a.reconcile(both);
    await a.withdraw();
    await a.reconcile(both);
    expect(await addresses()).toEqual([[one], [one]]);
    expect((await store.list('/registry/masterleases/')).entries).toEqual([]);
  });

  it('stay as they are when storage lists no server', async () => {
    await endpointsOf(second, two).reconcile(both);
    class Forgetful extends ServerLeases {
      override live = async () => [];
    }
    const a = new KubernetesEndpoints(first.registry, new Forgetful(store), { address: one, port: 6443 });
    await expect(a.reconcile(both)).rejects.toThrow('refusing to erase all endpoints for the kubernetes Service');
    expect(await addresses()).toEqual([[two], [two]]);
  });

  it('take a new port when a server starts, and keep it while others run that say otherwise', async () => {
    await endpointsOf(first, one).reconcile(both);
    const moved = endpointsOf(first, one, { port: 7443 });
    const port = async () => (await first.registry.get(endpointSlice, 'kubernetes', 'default'))?.ports?.[0]?.port;
    await first.registry.fresh();
    await moved.reconcile({ ports: false });
    expect(await port()).toBe(6443);
    await moved.reconcile(both);
    expect(await port()).toBe(7443);
  });

  it('become a slice of the other family with the servers’ addresses', async () => {
    await endpointsOf(first, one, { ttl: 1 }).reconcile(both);
    const b = endpointsOf(second, '2001:db8::8');
    await eventually(async () => {
      await second.registry.fresh();
      await b.reconcile(both);
      return (await addresses())[0]!.length === 1;
    });
    const slice = await first.registry.get(endpointSlice, 'kubernetes', 'default');
    expect(slice).toMatchObject({ addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::8'] }] });
  });
});
