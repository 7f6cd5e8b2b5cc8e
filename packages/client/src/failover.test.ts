import { lease } from '@coracle/api/coordination/v1/lease';
import { configMap } from '@coracle/api/core/v1/configmap';
import { MemoryStore } from '@coracle/apiserver/storage/memory-store';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Client, connect } from './client.ts';
import { Informers } from './informer.ts';
import { leading } from './leader-election.ts';
import { until } from './testing/fake-server.ts';
import { Switch } from './testing/switch.ts';
import { ConnectionError } from './transport.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const named = (name: string) => ({ metadata: { name, namespace: 'default' } });
const portOf = (url: string) => Number(new URL(url).port);

/** A client of an API server over HTTP/2, through a switch. */
async function overSwitch(): Promise<{ server: SecureServer; way: Switch; client: Client }> {
  const server = await startSecureServer();
  const way = await Switch.to(portOf(server.url));
  const client = connect({
    ...(await server.configOf('admin', 'system:masters')),
    server: `https://127.0.0.1:${way.port}`,
  });
  closing.push(
    () => server.close(),
    () => way.close(),
    () => client.close(),
  );
  return { server, way, client };
}

describe('a client of a server that hangs without closing the connection', () => {
  it('notices while it sends and nothing comes back, connects anew, and sends its reads again, and no write', async () => {
    const { way, client } = await overSwitch();
    await client.create(configMap, named('a'));
    way.freeze();
    let sending = true;
    const writes: Promise<unknown>[] = [];
    const sender = (async () => {
      for (let i = 0; sending; i++) {
        writes.push(client.create(configMap, named(`b${i}`)).catch((error: unknown) => error));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    expect((await client.get(configMap, 'a', 'default')).metadata.name).toBe('a');
    sending = false;
    await sender;
    expect(await writes[0]).toBeInstanceOf(ConnectionError);
    expect(way.connections).toBe(2);
    await Promise.all(writes);
  }, 60_000);

  it('keeps its informers up to date', async () => {
    const { server, way, client } = await overSwitch();
    const stop = new AbortController();
    closing.push(() => stop.abort(new Error('test ended')));
    const informers = new Informers(client, { signal: stop.signal, log: quiet });
    const maps = informers.of(configMap, { namespace: 'default' });
    await informers.start();
    way.freeze();
    await server.admin.create(configMap, named('meanwhile'));
    await until(() => maps.lister.get('default/meanwhile'), 40_000);
  }, 60_000);

  it('keeps its leadership', async () => {
    const { server, way, client } = await overSwitch();
    const stop = new AbortController();
    // Longer than programs have them, so that what takes seconds on an idle machine may take a few times as long.
    const times = { leaseDuration: 45_000, renewDeadline: 30_000 };
    const election = { name: 'boss', namespace: 'kube-system', identity: 'a', log: quiet, ...times };
    const renewed = async () => (await server.admin.get(lease, 'boss', 'kube-system')).spec?.renewTime;
    await leading(client, election, stop.signal, async (signal) => {
      way.freeze();
      const before = await renewed();
      await until(async () => (await renewed()) !== before, 40_000);
      expect(signal.aborted).toBe(false);
      stop.abort(new Error('test ended'));
    });
  }, 60_000);
});

describe('informers of several API servers', () => {
  it('go on at another server where the one they watched has gone, without reading everything again', async () => {
    const store = new MemoryStore();
    const lists: string[] = [];
    const start = (name: string, namespaces: boolean): Promise<TestServer> =>
      startApiServer({
        store,
        namespaces,
        links: [
          (context, next) => {
            context.user = { name: 'admin', uid: '', groups: ['system:masters'], extra: {} };
            if (context.info.resource === 'configmaps' && context.info.verb === 'list') lists.push(name);
            return next();
          },
        ],
      });
    const [one, two] = [await start('one', true), await start('two', false)];
    const way = await Switch.to(portOf(one.url));
    const client = connect({ server: `http://127.0.0.1:${way.port}` });
    const stop = new AbortController();
    closing.push(
      () => store.close(),
      () => one.close(),
      () => two.close(),
      () => way.close(),
      () => client.close(),
      () => stop.abort(new Error('test ended')),
    );
    await one.client.create(configMap, named('a'));
    const informers = new Informers(client, { signal: stop.signal, log: quiet });
    const maps = informers.of(configMap, { namespace: 'default' });
    const added: string[] = [];
    maps.on({ added: (object) => added.push(object.metadata.name!) });
    await informers.start();
    way.turn(portOf(two.url));
    way.cut();
    for (const name of ['b', 'c', 'd']) await one.client.create(configMap, named(name));
    await until(() => maps.lister.list().length === 4);
    expect(added).toEqual(['a', 'b', 'c', 'd']);
    expect(lists).toEqual(['one']);
  });
});
