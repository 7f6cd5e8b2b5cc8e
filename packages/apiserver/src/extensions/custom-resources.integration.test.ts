import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EtcdStore } from '../storage/etcd-store.ts';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { eventually } from '../testing/expectations.ts';
import { callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const path = '/apis/example.com/v1/namespaces/default/widgets';
const schema = {
  spec: { type: 'object', properties: { size: { type: 'integer' }, kept: { type: 'string', default: 'd' } } },
};

let etcd: TestEtcd;
const opened: { server: TestServer; store: EtcdStore }[] = [];

beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(async () => {
  for (const { server, store } of opened) {
    await server.close();
    await store.close();
  }
  await etcd.close();
});

async function open() {
  const store = new EtcdStore({ servers: [etcd.url] });
  const server = await startApiServer({ store });
  opened.push({ server, store });
  return { call: callsTo(server.url), store };
}

it('custom resources outlive their servers, and several servers serve the same', async () => {
  const first = await open();
  const second = await open();
  await define(first.call, definitionOf('Widget', [versionOf(schema)]));
  await eventually(async () => (await second.call('GET', path)).status === 200);
  const made = await first.call('POST', path, { metadata: { name: 'a' }, spec: { size: 1 } });
  expect((await second.call('GET', `${path}/a`)).body).toEqual(made.body);

  // As upstream writes it, by an older schema: other order, fields that are gone since.
  const foreign = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: {
      name: 'foreign',
      namespace: 'default',
      uid: 'u',
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
    },
    spec: { size: 2, gone: true },
  };
  await first.store.put('/registry/example.com/widgets/default/foreign', Buffer.from(JSON.stringify(foreign)), 0);
  expect((await first.call('GET', `${path}/foreign`)).body.spec).toEqual({ size: 2, kept: 'd' });

  // Started anew, a server serves what definitions declare from the first request on.
  const third = await open();
  const list = await third.call('GET', path);
  expect(list.body.items.map((each: { metadata: { name: string } }) => each.metadata.name)).toEqual(['a', 'foreign']);

  // A field that comes back is read from what is stored.
  const wider = { spec: { ...schema.spec, properties: { ...schema.spec.properties, gone: { type: 'boolean' } } } };
  await define(third.call, definitionOf('Widget', [versionOf(wider)]));
  for (const { call } of [first, second, third]) {
    await eventually(async () => (await call('GET', `${path}/foreign`)).body.spec?.gone === true);
  }
  await second.call('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com');
  for (const { call } of [first, second, third]) {
    await eventually(async () => (await call('GET', path)).status === 404);
  }
  expect((await first.store.list('/registry/example.com/', {})).entries).toEqual([]);
});

it('a definition that changes while its objects are written loses none', async () => {
  const { call } = await open();
  const definition = (extra: string) =>
    definitionOf(
      'Item',
      [versionOf({ spec: { type: 'object', properties: { n: { type: 'integer' }, [extra]: { type: 'string' } } } })],
      { group: 'busy.example.com' },
    );
  await define(call, definition('x'));
  const items = '/apis/busy.example.com/v1/namespaces/default/items';
  const written: string[] = [];
  const write = async (writer: number) => {
    for (let i = 0; i < 40; i++) {
      const name = `w${writer}-${i}`;
      const { status } = await call('POST', items, { metadata: { name }, spec: { n: i } });
      if (status === 201) written.push(name);
    }
  };
  const change = async () => {
    for (const extra of ['a', 'b', 'c', 'd']) await define(call, definition(extra));
  };
  await Promise.all([write(0), write(1), write(2), write(3), change()]);
  expect(written).toHaveLength(160);
  const list = await call('GET', items);
  expect(list.body.items.map((each: { metadata: { name: string } }) => each.metadata.name).sort()).toEqual(
    written.sort(),
  );
});
