import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configMap } from '@coracle/api/core/v1/configmap';
import type { Client } from '@coracle/client/client';
import { Informers } from '@coracle/client/informer';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { eventually } from '../testing/expectations.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { EtcdStore } from './etcd-store.ts';

const namespace = 'default';
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const bumped = ['--bump-revision=1000000000', '--mark-compacted'];
let folder: string;
let etcd: TestEtcd;
let store: EtcdStore;
let server: TestServer;
let stop: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coracle-snapshot-'));
  etcd = await startEtcd();
  store = new EtcdStore({ servers: [etcd.url] });
  server = await startApiServer({ store });
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('test ended'));
  await server.close();
  await store.close();
  await etcd.close();
  await rm(folder, { recursive: true });
});

const create = (name: string) => server.client.create(configMap, { metadata: { name, namespace } });
const names = async (client: Client = server.client) =>
  (await client.list(configMap, { namespace })).items.map(({ metadata }) => metadata.name);
const version = async () => Number((await server.client.list(configMap, { namespace })).metadata.resourceVersion);

/** Saves what there is with `kept`, and makes `lost` and more afterwards. */
async function saveBetween(): Promise<{ file: string; before: number }> {
  const file = join(folder, 'snapshot.db');
  await create('kept');
  await etcd.save(file);
  for (let i = 0; i < 50; i++) await create(`lost${i}`);
  return { file, before: await version() };
}

/** The names an informer knows, sorted. */
async function informed(): Promise<() => string[]> {
  const informers = new Informers(server.client, { signal: stop.signal, log: quiet });
  const maps = informers.of(configMap, { namespace });
  await informers.start();
  return () => maps.lister.list().map(({ metadata }) => metadata.name!);
}

describe('an etcd that was restored with a bumped revision', () => {
  it('never shows an older resourceVersion, and clients read anew', async () => {
    const known = await informed();
    const { file, before } = await saveBetween();
    await eventually(async () => known().length === 51);
    await etcd.restore(file, ...bumped);
    await eventually(async () => known().join() === 'kept');
    expect(await names()).toEqual(['kept']);
    expect(await version()).toBeGreaterThan(before);
    const old = server.client.watch(configMap, { namespace, resourceVersion: String(before), signal: stop.signal });
    const ending = old[Symbol.asyncIterator]().next();
    await expect(ending).rejects.toMatchObject({ code: 410 });
    const made = await create('after');
    expect(Number(made.metadata.resourceVersion)).toBeGreaterThan(1_000_000_000);
    await eventually(async () => known().sort().join() === 'after,kept');
  });

  it('goes on with leases and watches: entries that expire, and servers that follow', async () => {
    const { file } = await saveBetween();
    await store.put('/registry/events/default/a', Buffer.from('{"metadata":{}}'), 0, 60);
    await etcd.restore(file, ...bumped);
    await eventually(async () => (await names().catch(() => [])).join() === 'kept');
    // The lease that was shared before the restore is not there any more.
    const written = await store.put('/registry/events/default/b', Buffer.from('{"metadata":{}}'), 0, 60);
    expect(written.ok).toBe(true);
  });
});

describe('an etcd that was restored to an earlier revision', () => {
  it('is noticed: watches end, caches are dropped, and no client waits for what will not come', async () => {
    const known = await informed();
    const { file, before } = await saveBetween();
    await eventually(async () => known().length === 51);
    await etcd.restore(file);
    // No client asks for anything: the server finds out by itself.
    await eventually(async () => known().join() === 'kept');
    expect(await version()).toBeLessThan(before);
    const future = server.client.watch(configMap, { namespace, resourceVersion: String(before), signal: stop.signal });
    await expect(future[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 410 });
    await create('after');
    await eventually(async () => known().sort().join() === 'after,kept');
  });

  it('is noticed by a server that is not the one that writes', async () => {
    const otherStore = new EtcdStore({ servers: [etcd.url] });
    const other = await startApiServer({ store: otherStore, namespaces: false });
    const { file } = await saveBetween();
    await etcd.restore(file);
    await eventually(async () => (await names().catch(() => [])).join() === 'kept');
    await create('after');
    await eventually(async () => (await names(other.client).catch(() => [])).join() === 'after,kept');
    await other.close();
    await otherStore.close();
  });
});
