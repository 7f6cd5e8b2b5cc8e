import { configMap } from '@coracle/api/core/v1/configmap';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ServerLeases } from '../bootstrap/server-leases.ts';
import { type SecureEtcd, startSecureEtcd } from '../testing/secure-etcd.ts';
import { startApiServer } from '../testing.ts';
import { EtcdStore } from './etcd-store.ts';

const user = 'kube-apiserver-etcd-client';
let etcd: SecureEtcd;

beforeEach(async () => {
  etcd = await startSecureEtcd(user);
});
afterEach(() => etcd.close());

describe('an etcd that authenticates by certificate', () => {
  it('serves an API server whose certificate names a user: transactions, watches, leases, compaction', async () => {
    const store = new EtcdStore(await etcd.as(user));
    const server = await startApiServer({ store });
    const { metadata } = await server.client.create(configMap, { metadata: { name: 'a', namespace: 'default' } });
    const events = server.client.watch(configMap, {
      namespace: 'default',
      resourceVersion: metadata.resourceVersion!,
      signal: new AbortController().signal,
    });
    await server.client.create(configMap, { metadata: { name: 'b', namespace: 'default' } });
    for await (const { object } of events) {
      expect(object.metadata.name).toBe('b');
      break;
    }
    const leases = new ServerLeases(store);
    await leases.renew('192.0.2.1');
    expect(await leases.live()).toEqual(['192.0.2.1']);
    await store.compact(await store.revision());
    await server.close();
    await store.close();
  });

  it('refuses others, in so many words', async () => {
    const store = new EtcdStore({ ...(await etcd.as('stranger')), timeout: 2_000 });
    await expect(store.get('/registry/x')).rejects.toThrow(/permission denied|user name not found/i);
    await expect(store.put('/registry/x', Buffer.from('x'), 0)).rejects.toThrow(/permission denied|user name/i);
    await store.close();
  });
});
