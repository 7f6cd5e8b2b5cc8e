import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EtcdStore } from '../storage/etcd-store.ts';
import { condition, define, definitionOf, versionOf } from '../testing/definitions.ts';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { eventually } from '../testing/expectations.ts';
import { callsTo } from '../testing/http.ts';
import { type HttpsServer, startHttpsServer } from '../testing/https-server.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const path = '/apis/example.com/v1/namespaces/default/widgets';
const schema = {
  spec: { type: 'object', properties: { size: { type: 'integer' }, kept: { type: 'string', default: 'd' } } },
};

let etcd: TestEtcd;
let hook: HttpsServer | undefined;
const opened: { server: TestServer; store: EtcdStore }[] = [];

beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(async () => {
  for (const { server, store } of opened) {
    await server.close();
    await store.close();
  }
  await hook?.close();
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
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, spec: { size: 1 } };
  const made = await first.call('POST', path, widget);
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
      const item = { apiVersion: 'busy.example.com/v1', kind: 'Item', metadata: { name }, spec: { n: i } };
      const { status } = await call('POST', items, item);
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

it('a definition says all about its objects, for as long as it lives', async () => {
  hook = await startHttpsServer(({ body: { request } }) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: {
      uid: request.uid,
      result: { status: 'Success' },
      convertedObjects: request.objects.map((it: { spec: object }) => ({
        ...it,
        apiVersion: request.desiredAPIVersion,
        spec: { ...it.spec, note: 'converted' },
      })),
    },
  }));
  const { call } = await open();
  const merge = { 'content-type': 'application/merge-patch+json' };
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const versions = (rule: string) =>
    ['v1', 'v2'].map((name) =>
      versionOf(
        {
          spec: {
            type: 'object',
            properties: {
              size: { type: 'integer', maximum: 9 },
              color: { type: 'string', default: 'red', maxLength: 9 },
              note: { type: 'string' },
            },
            'x-kubernetes-validations': [{ rule, message: 'a rule' }],
          },
          status: { type: 'object', properties: { ready: { type: 'integer' } } },
        },
        {
          name,
          storage: name === 'v1',
          subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.ready' } },
          additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          selectableFields: [{ jsonPath: '.spec.color' }],
        },
      ),
    );
  const definition = (rule: string) =>
    definitionOf('Boat', versions(rule), {
      group: 'whole.example.com',
      conversion: {
        strategy: 'Webhook',
        webhook: { clientConfig: { url: hook!.url, caBundle: hook!.caBundle }, conversionReviewVersions: ['v1'] },
      },
    });
  await define(call, definition('self.size > 0'));
  const boats = '/apis/whole.example.com/v1/namespaces/default/boats';

  // Pruned, defaulted, validated by schema and rules.
  const boat = { apiVersion: 'whole.example.com/v1', kind: 'Boat' };
  const first = { ...boat, metadata: { name: 'a' }, spec: { size: 2, gone: true }, status: { ready: 7 } };
  const made = await call('POST', boats, first);
  expect(made.body).toMatchObject({ metadata: { generation: 1 }, spec: { size: 2, color: 'red' } });
  expect([made.body.spec.gone, made.body.status]).toEqual([undefined, undefined]);
  const invalid = async (spec: object) =>
    (await call('POST', boats, { ...boat, metadata: { name: 'bad' }, spec })).body.message;
  expect(await invalid({ size: 10 })).toBe(
    'Boat.whole.example.com "bad" is invalid: spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9',
  );
  expect(await invalid({ size: 0 })).toBe('Boat.whole.example.com "bad" is invalid: spec: Invalid value: a rule');
  const dear = definition("self.note.split(',').all(x, self.note.split(',').all(y, x.contains(y)))");
  dear.metadata.name = 'dears.whole.example.com';
  dear.spec.names = { plural: 'dears', kind: 'Dear' };
  expect((await call('POST', definitions, dear)).body.message).toMatch(
    /estimated rule cost exceeds budget by factor of/,
  );

  // Status, scale, columns, fields, another version.
  await call('PATCH', `${boats}/a/status`, { status: { ready: 1 }, spec: { size: 9 } }, merge);
  expect((await call('GET', `${boats}/a/scale`)).body).toMatchObject({
    spec: { replicas: 2 },
    status: { replicas: 1 },
  });
  await call('PATCH', `${boats}/a/scale`, { spec: { replicas: 3 } }, merge);
  const table = await call('GET', boats, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  expect(table.body.rows[0].cells).toEqual(['a', 3]);
  const found = async (color: string) =>
    (await call('GET', `${boats}?fieldSelector=spec.color=${color}`)).body.items.length;
  expect([await found('red'), await found('blue')]).toEqual([1, 0]);
  expect((await call('GET', `${boats.replace('v1', 'v2')}/a`)).body).toMatchObject({
    apiVersion: 'whole.example.com/v2',
    spec: { size: 3, note: 'converted' },
  });

  // What was let in before a rule may stay.
  await define(call, definition('self.size > 5'));
  const kept = await call('PATCH', `${boats}/a`, { metadata: { labels: { a: 'b' } } }, merge);
  expect([kept.status, kept.headers.get('warning')]).toEqual([200, '299 - "spec: Invalid value: a rule"']);
  expect((await call('PATCH', `${boats}/a`, { spec: { size: 4 } }, merge)).status).toBe(422);

  // OpenAPI and discovery; names that are taken.
  const { body: document } = await call('GET', '/openapi/v3/apis/whole.example.com/v1');
  expect(document.components.schemas['com.example.whole.v1.Boat'].properties.spec.properties.size.maximum).toBe(9);
  const listed = async () =>
    (await call('GET', '/apis/whole.example.com/v1')).body.resources?.map((it: { name: string }) => it.name);
  expect(await listed()).toEqual(['boats', 'boats/status', 'boats/scale']);
  const rival = definitionOf('Boat', [versionOf({})], {
    group: 'whole.example.com',
    names: { plural: 'ships', kind: 'Boat' },
  });
  rival.metadata.name = 'ships.whole.example.com';
  await call('POST', definitions, rival);
  await eventually(async () => (await condition(call, rival.metadata.name!, 'NamesAccepted')) !== undefined);
  expect(await condition(call, rival.metadata.name!, 'NamesAccepted')).toMatchObject({
    status: 'False',
    reason: 'ListKindConflict',
    message: '"BoatList" is already in use',
  });

  // It takes its objects with it, and gives its names to who waits for them.
  await call('PATCH', `${boats}/a`, { spec: { size: 6 }, metadata: { finalizers: ['example.com/hold'] } }, merge);
  await call('DELETE', `${definitions}/boats.whole.example.com`);
  await eventually(async () => (await call('GET', `${boats}/a`)).body.metadata.deletionTimestamp !== undefined);
  expect(await condition(call, 'boats.whole.example.com', 'Terminating')).toMatchObject({
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  });
  expect((await call('POST', boats, { ...boat, metadata: { name: 'late' }, spec: { size: 6 } })).body).toMatchObject({
    code: 403,
    message:
      'boats.whole.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
  });
  await call('PATCH', `${boats}/a`, { metadata: { finalizers: null } }, merge);
  await eventually(async () => JSON.stringify(await listed()) === '["ships"]');
});
