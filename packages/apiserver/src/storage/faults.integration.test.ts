import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { type Call, callsTo, openWatch } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { EtcdStore } from './etcd-store.ts';

let etcd: TestEtcd;
let store: EtcdStore;
let server: TestServer;
let call: Call;
const path = '/api/v1/namespaces/default/configmaps';
const named = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });

beforeEach(async () => {
  etcd = await startEtcd();
  store = new EtcdStore({ servers: [etcd.url], timeout: 2_000 });
  server = await startApiServer({ store });
  call = callsTo(server.url);
});
afterEach(async () => {
  await server.close();
  await store.close();
  await etcd.close();
});

async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
}

describe('the API server on etcd', () => {
  it("keeps objects at upstream's keys, as JSON without resourceVersion", async () => {
    await call('POST', path, named('a'));
    await call('POST', '/api/v1/nodes', { metadata: { name: 'n' } });
    const stored = JSON.parse((await store.get('/registry/configmaps/default/a')).entry!.value.toString());
    expect(stored).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } });
    expect(stored.metadata.resourceVersion).toBeUndefined();
    expect((await store.get('/registry/minions/n')).entry).toBeDefined();
    expect((await store.get('/registry/namespaces/default')).entry).toBeDefined();
  });

  it('sees what another server wrote as soon as that was acknowledged', async () => {
    const other = await startApiServer({ store, namespaces: false });
    const there = callsTo(other.url);
    for (let i = 0; i < 20; i++) {
      const made = await call('POST', path, named(`c${i}`));
      const read = await there('GET', `${path}/c${i}`);
      expect(read.body).toEqual(made.body);
      expect((await there('GET', path)).body.items).toHaveLength(i + 1);
      const changed = await there('PUT', `${path}/c${i}`, named(`c${i}`, { x: 'y' }));
      expect((await call('GET', `${path}/c${i}`)).body).toEqual(changed.body);
    }
    await other.close();
  });

  it('answers with errors while etcd is away for ten seconds, and goes on by itself afterwards', async () => {
    const { body } = await call('POST', path, named('a'));
    const watch = await openWatch(server.url, `${path}?watch=true&resourceVersion=${body.metadata.resourceVersion}`);
    expect((await call('GET', `${path}/a`)).status).toBe(200);
    await etcd.stop();
    const read = await call('GET', `${path}/a`);
    expect([503, 504]).toContain(read.status);
    expect(read.body).toMatchObject({ kind: 'Status', status: 'Failure' });
    const write = await call('POST', path, named('b'));
    expect([503, 504]).toContain(write.status);
    const until = Date.now() + 10_000;
    while (Date.now() < until) {
      const { status, body: answer } = await call('GET', path);
      expect([503, 504]).toContain(status);
      expect(answer.message).toMatch(/storage is not available|within the time the storage allows/);
      await delay(100);
    }
    expect((await call('GET', `${path}/a?resourceVersion=0`)).status).toBe(200);
    await etcd.start();
    await eventually(async () => ((await call('GET', `${path}/a`)).status === 200 ? true : undefined));
    await eventually(async () =>
      [201, 409].includes((await call('POST', path, named('b'))).status) ? true : undefined,
    );
    expect(await watch.take(1)).toEqual(['ADDED b']);
    watch.close();
  });

  it('says so when an object is larger than etcd takes', async () => {
    const annotations = { a: 'x'.repeat(200_000) };
    const data = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, 'x'.repeat(110_000)]));
    const finalizers = Array.from({ length: 40_000 }, (_, i) => `example.com/f${i}`);
    for (const more of [10_000, 40_000]) {
      const object = { metadata: { name: 'large', annotations, finalizers: finalizers.slice(0, more) }, data };
      const { status, body } = await call('POST', path, object);
      if (status === 201) continue;
      expect([status, body.reason]).toEqual([413, 'RequestEntityTooLarge']);
      expect(body.message).toMatch(/^Request entity too large: .*(request is too large|message larger than max)/);
    }
    expect((await call('GET', path)).body.items.length).toBeLessThan(2);
  });

  it('loses no acknowledged write of 32 writers to kill -9, and makes none twice', async () => {
    const acknowledged: string[] = [];
    let going = true;
    const writers = Array.from({ length: 32 }, async (_, writer) => {
      for (let i = 0; going; i++) {
        const name = `w${writer}-${i}`;
        const { status } = await call('POST', path, named(name));
        if (status === 201) acknowledged.push(name);
      }
    });
    await eventually(async () =>
      acknowledged.length >= 100 ? true : new Promise<undefined>((r) => setImmediate(r, undefined)),
    );
    await etcd.stop('SIGKILL');
    await etcd.start();
    const before = acknowledged.length;
    await eventually(async () =>
      acknowledged.length >= before + 50 ? true : new Promise<undefined>((r) => setImmediate(r, undefined)),
    );
    going = false;
    await Promise.all(writers);
    const list = (await call('GET', path)).body.items.map((each: { metadata: { name: string } }) => each.metadata.name);
    expect(new Set(list).size).toBe(list.length);
    expect(list).toEqual(expect.arrayContaining(acknowledged));
    const { entries } = await store.list('/registry/configmaps/default/');
    expect(entries.map(({ key }) => key.split('/').at(-1))).toEqual(list);
  });

  it('gets over a compaction that overtook it', async () => {
    const { body } = await call('POST', path, named('a'));
    const watch = await openWatch(server.url, `${path}?watch=true&resourceVersion=${body.metadata.resourceVersion}`);
    await etcd.stop();
    await etcd.start();
    // Before the server's watch is back, history it has not seen is written and compacted away.
    const direct = new EtcdStore({ servers: [etcd.url] });
    const written = await direct.put(
      '/registry/configmaps/default/b',
      Buffer.from('{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b","namespace":"default"}}'),
      0,
    );
    await direct.put('/registry/other', Buffer.from('x'), 0);
    await direct.compact(written.revision + 1);
    await direct.close();
    expect(
      (
        await eventually(async () => {
          const answer = await call('GET', `${path}/b`);
          return answer.status === 200 ? answer : undefined;
        })
      ).body.metadata.resourceVersion,
    ).toBe(String(written.revision));
    // The watcher either got the event or was told to begin anew: it never waits for what will not come.
    expect([['ADDED b'], []]).toContainEqual(await watch.take(1));
    watch.close();
  });

  it('compacts under a watcher that lags: it loses no change it is not told to have lost, and comes to the end', async () => {
    const filling = 'x'.repeat(100_000);
    const write = async (at: number) => {
      const { body } = await call('PUT', `${path}/a`, named('a', { at: String(at), filling }));
      expect(body.data?.at).toBe(String(at));
    };
    let { resourceVersion } = (await call('POST', path, named('a', { at: '0' }))).body.metadata;
    const watching = (from: string) => openWatch(server.url, `${path}?watch=true&resourceVersion=${from}`);
    let watch = await watching(resourceVersion);
    // Some 20 MB, more than the connection holds; nothing is read meanwhile.
    for (let at = 1; at <= 200; at++) await write(at);
    await store.compact(await store.revision());
    for (let at = 201; at <= 210; at++) await write(at);

    let seen = 0;
    while (seen < 210) {
      const event = await watch.next();
      if (event?.type === 'MODIFIED') {
        expect(Number(event.object.data.at)).toBe(seen + 1);
        seen++;
        resourceVersion = event.object.metadata.resourceVersion;
        continue;
      }
      watch.close();
      if (event) {
        expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
        const list = (await call('GET', path)).body;
        seen = Number(list.items[0].data.at);
        resourceVersion = list.metadata.resourceVersion;
      }
      watch = await watching(resourceVersion);
    }
    watch.close();
  });

  it('loads anew when the store is at an earlier revision than before, as after a restore', async () => {
    for (let i = 0; i < 5; i++) await call('POST', path, named(`c${i}`));
    const fresh = await startEtcd(etcd);
    await eventually(async () => {
      const answer = await call('GET', path);
      return answer.status === 200 && answer.body.items.length === 0 ? true : undefined;
    });
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
    expect((await call('POST', path, named('again'))).status).toBe(201);
    expect((await call('GET', path)).body.items).toHaveLength(1);
    await fresh.close();
  });
});
