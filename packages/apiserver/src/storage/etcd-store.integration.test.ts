import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { EtcdStore } from './etcd-store.ts';
import { StoreUnavailableError } from './store.ts';
import { storeContract } from './store-contract.spec.ts';

let etcd: TestEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.close());

describe('EtcdStore', () => {
  storeContract(async () => {
    const store = new EtcdStore({ servers: [etcd.url] });
    for (const { key, revision } of (await store.list('/registry/')).entries) await store.delete(key, revision);
    return { store, close: () => store.close() };
  });

  it('says that etcd is away, and goes on when it is back', async () => {
    const store = new EtcdStore({ servers: [etcd.url], timeout: 1_000 });
    const written = await store.put('/registry/outage/a', Buffer.from('one'), 0);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const batch of store.watch(written.revision, stop.signal)) {
        for (const event of batch.events) seen.push(event.key);
        if (seen.includes('/registry/outage/b')) stop.abort();
      }
    })();
    await etcd.stop();
    await expect(store.get('/registry/outage/a')).rejects.toThrow(StoreUnavailableError);
    await expect(store.put('/registry/outage/b', Buffer.from('x'), 0)).rejects.toThrow(StoreUnavailableError);
    await etcd.start();
    let back = await store.put('/registry/outage/b', Buffer.from('x'), 0).catch(() => undefined);
    while (!back) back = await store.put('/registry/outage/b', Buffer.from('x'), 0).catch(() => undefined);
    await watching;
    expect(seen).toEqual(['/registry/outage/b']);
    expect((await store.get('/registry/outage/a')).entry!.value.toString()).toBe('one');
    await store.close();
  });
});
