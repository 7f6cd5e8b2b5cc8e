import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const shops = '/apis/example.com/v1/namespaces/default/shops';
const form = (as: string) => ({ accept: `application/json;as=${as};g=meta.k8s.io;v=v1` });

let server: TestServer;
let call: Call;

beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
  const size = { type: 'object', properties: { size: { type: 'integer' } } };
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
  await define(
    call,
    definitionOf('Shop', [versionOf({ spec: size, status: size }, { subresources: { status: {}, scale } })]),
  );
  await call('POST', shops, {
    apiVersion: 'example.com/v1',
    kind: 'Shop',
    metadata: { name: 'it' },
    spec: { size: 2 },
  });
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await call('POST', deployments, {
    metadata: { name: 'it' },
    spec: { replicas: 3, selector: { matchLabels: { a: 'b' } }, template },
  });
});
afterAll(() => server.close());

describe('a scale', () => {
  it.each([
    ['custom resource', shops, 2, ['name', ''], 'date'],
    ['deployment', deployments, 3, ['', ''], 'string'],
  ])('of a %s is a row of a table', async (_what, path, replicas, formats, dateType) => {
    const { status, body } = await call('GET', `${path}/it/scale`, undefined, form('Table'));
    expect(status).toBe(200);
    type Definition = { name: string; type: string; format: string };
    expect(body.columnDefinitions.map(({ name, type }: Definition) => [name, type])).toEqual([
      ['Name', 'string'],
      ['Desired', 'integer'],
      ['Available', 'integer'],
      ['Age', dateType],
    ]);
    expect(body.columnDefinitions.slice(0, 2).map(({ format }: Definition) => format)).toEqual(formats);
    expect(body.rows).toEqual([
      {
        cells: ['it', replicas, 0, expect.any(String)],
        object: expect.objectContaining({ kind: 'PartialObjectMetadata' }),
      },
    ]);
    expect(body.metadata.resourceVersion).toBe(body.rows[0].object.metadata.resourceVersion);
  });

  it('can be had as its metadata, but is no list', async () => {
    const metadata = await call('GET', `${shops}/it/scale`, undefined, form('PartialObjectMetadata'));
    expect(metadata.body).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'it' },
    });
    const list = await call('GET', `${shops}/it/scale`, undefined, form('PartialObjectMetadataList'));
    expect([list.status, list.body.message]).toEqual([
      406,
      'you requested PartialObjectMetadataList, but the requested object is not a list (*v1.Scale)',
    ]);
  });

  it('of a custom resource has no protobuf form', async () => {
    const accept = 'application/vnd.kubernetes.protobuf';
    expect((await call('GET', `${shops}/it/scale`, undefined, { accept })).status).toBe(406);
    expect((await call('GET', `${deployments}/it/scale`, undefined, { accept })).status).toBe(200);
  });

  it('of a custom resource stays of its object, whatever uid a patch names', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' };
    const { status, body } = await call('PATCH', `${shops}/it/scale`, { metadata: { uid: 'other' } }, headers);
    expect(status).toBe(200);
    expect(body.metadata.uid).not.toBe('other');
  });
});

describe('the replicas that a scale is of', () => {
  it.each([
    [{ size: 1.5 }, '.spec.size accessor error: 1.5 is of the type float64, expected int64'],
    [{ size: 'x' }, '.spec.size accessor error: x is of the type string, expected int64'],
    [['a', 2], '.spec.size accessor error: [a 2] is of the type []interface {}, expected map[string]interface{}'],
    ['x', '.spec.size accessor error: x is of the type string, expected map[string]interface{}'],
  ])('are no number: %j', async (spec, problem) => {
    const shop = { apiVersion: 'example.com/v1', kind: 'Shop', metadata: { name: 'odd' }, spec };
    const { status, body } = await call('POST', `${shops}?fieldValidation=Ignore`, shop);
    const { causes } = body.details;
    expect([status, causes.find(({ field }: { field: string }) => field === '.spec.size')?.message]).toEqual([
      422,
      `Invalid value: 0: ${problem}`,
    ]);
  });
});

describe('JSON', () => {
  it('is a line, unless it is indented', async () => {
    for (const path of [`${shops}/it`, shops, `${shops}/none`, '/apis/example.com/v1']) {
      expect((await call('GET', path)).text).toMatch(/^\{[^\n]*\}\n$/);
      expect((await call('GET', `${path}?pretty=true`)).text).toMatch(/^\{\n(.*\n)*\}$/);
    }
  });
});
