import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../testing/http.ts';
import { ownStore } from '../testing/own-store.ts';
import { startApiServer, type TestServer } from '../testing.ts';

let server: TestServer;
let call: Call;
const store = await ownStore();
const path = '/api/v1/namespaces/reads/configmaps';

beforeAll(async () => {
  server = await startApiServer({ store });
  call = callsTo(server.url);
  await call('POST', '/api/v1/namespaces', { metadata: { name: 'reads' } });
  for (let i = 0; i < 10; i++) {
    await call('POST', path, {
      metadata: { name: `c${i}`, labels: { odd: String(i % 2 === 1) } },
      data: { i: String(i) },
    });
  }
});
afterAll(async () => {
  await server.close();
  await store.close();
});

// biome-ignore lint/suspicious/noExplicitAny: whatever the server answered.
const names = (body: any): string[] => body.items.map((item: any) => item.metadata.name);

/** Continue tokens that no server made. */
const tampered: [string, string][] = [
  ['{"v":"meta.k8s.io/v1"', 'unexpected end of JSON input'],
  ['null', 'server does not recognize this encoded version $'],
  ['[]', 'json: cannot unmarshal array into Go value of type storage.continueToken'],
  ['{"v":"meta.k8s.io/v2","rv":1,"start":"a"}', 'server does not recognize this encoded version meta.k8s.io/v2'],
  [
    '{"v":"meta.k8s.io/v1","rv":"1","start":"a"}',
    'json: cannot unmarshal string into Go struct field continueToken.rv of type int64',
  ],
  [
    '{"v":"meta.k8s.io/v1","rv":9223372036854775808,"start":"a"}',
    'json: cannot unmarshal number 9223372036854775808 into Go struct field continueToken.rv of type int64',
  ],
  ...['1e3', '1.0', '-2E0'].map((rv): [string, string] => [
    `{"v":"meta.k8s.io/v1","rv":7,"rv" : ${rv},"start":"a"}`,
    `json: cannot unmarshal number ${rv} into Go struct field continueToken.rv of type int64`,
  ]),
  ['{"v":"meta.k8s.io/v1","start":"a"}', 'incorrect encoded start resourceVersion \\(version meta.k8s.io/v1\\)'],
  ['{"v":"meta.k8s.io/v1","rv":1}', 'encoded start key empty \\(version meta.k8s.io/v1\\)'],
  ['{"v":"meta.k8s.io/v1","rv":1,"start":"../secrets/a"}', '../secrets/a'],
  ['{"v":"meta.k8s.io/v1","rv":1,"start":"a/../../b"}', 'a/../../b'],
  ['{"v":"meta.k8s.io/v1","rv":1,"start":"a//b"}', 'a//b'],
];

describe('list', () => {
  it('gives all items in key order, without kind and apiVersion', async () => {
    const { status, body } = await call('GET', path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(names(body)).toEqual(Array.from({ length: 10 }, (_, i) => `c${i}`));
    expect(Object.keys(body.items[0])).not.toContain('kind');
    expect(body.items[0].metadata.resourceVersion).toMatch(/^\d+$/);
  });

  it('pages with limit and continue, all pages at one revision', async () => {
    const first = await call('GET', `${path}?limit=4`);
    expect(names(first.body)).toEqual(['c0', 'c1', 'c2', 'c3']);
    expect(first.body.metadata.remainingItemCount).toBe(6);
    await call('POST', path, { metadata: { name: 'c5b' } });
    const token = encodeURIComponent(first.body.metadata.continue);
    const second = await call('GET', `${path}?limit=4&continue=${token}`);
    expect(names(second.body)).toEqual(['c4', 'c5', 'c6', 'c7']);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    const third = await call('GET', `${path}?limit=4&continue=${encodeURIComponent(second.body.metadata.continue)}`);
    expect(names(third.body)).toEqual(['c8', 'c9']);
    expect(third.body.metadata.continue).toBeUndefined();
    await call('DELETE', `${path}/c5b`);
  });

  it('says 410 with an inconsistent token when a page is compacted, and goes on from that', async () => {
    const first = await call('GET', `${path}?limit=4`);
    await call('POST', path, { metadata: { name: 'zz' } });
    await store.compact(await store.revision());
    const gone = await call('GET', `${path}?limit=4&continue=${encodeURIComponent(first.body.metadata.continue)}`);
    expect(gone.status).toBe(410);
    expect(gone.body.reason).toBe('Expired');
    expect(gone.body.message).toMatch(
      /^The provided continue parameter is too old to display a consistent list result/,
    );
    const rest = await call('GET', `${path}?continue=${encodeURIComponent(gone.body.metadata.continue)}`);
    expect(names(rest.body)).toEqual(['c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'zz']);
    await call('DELETE', `${path}/zz`);
  });

  it.each([
    ['labelSelector=odd%3Dtrue', ['c1', 'c3', 'c5', 'c7', 'c9']],
    ['labelSelector=odd+notin+(true)', ['c0', 'c2', 'c4', 'c6', 'c8']],
    ['fieldSelector=metadata.name%3Dc3', ['c3']],
    ['fieldSelector=metadata.name!%3Dc3&labelSelector=odd%3Dtrue', ['c1', 'c5', 'c7', 'c9']],
  ])('selects: %s', async (query, wanted) => {
    expect(names((await call('GET', `${path}?${query}`)).body)).toEqual(wanted);
  });

  it('pages through what a selector selects, not saying how much is left', async () => {
    const { body } = await call('GET', `${path}?labelSelector=odd%3Dtrue&limit=2`);
    expect(names(body)).toEqual(['c1', 'c3']);
    expect(body.metadata.remainingItemCount).toBeUndefined();
    const rest = await call(
      'GET',
      `${path}?labelSelector=odd%3Dtrue&continue=${encodeURIComponent(body.metadata.continue)}`,
    );
    expect(names(rest.body)).toEqual(['c5', 'c7', 'c9']);
  });

  it('shows exactly the past where it is asked for', async () => {
    const then = (await call('GET', path)).body.metadata.resourceVersion;
    await call('POST', path, { metadata: { name: 'later' } });
    const exact = await call('GET', `${path}?resourceVersion=${then}&resourceVersionMatch=Exact`);
    expect(names(exact.body)).not.toContain('later');
    expect(exact.body.metadata.resourceVersion).toBe(then);
    const newer = await call('GET', `${path}?resourceVersion=${then}&resourceVersionMatch=NotOlderThan`);
    expect(names(newer.body)).toContain('later');
    await call('DELETE', `${path}/later`);
  });

  it.each([
    ['resourceVersionMatch=Exact', 422, /resourceVersionMatch is forbidden unless resourceVersion is provided/],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      422,
      /resourceVersionMatch "exact" is forbidden for resourceVersion "0"/,
    ],
    ['resourceVersion=1&resourceVersionMatch=Newest', 422, /Unsupported value: "Newest"/],
    ['sendInitialEvents=true', 422, /sendInitialEvents is forbidden for list/],
    ['resourceVersion=abc', 400, /invalid syntax/],
    ['limit=x', 400, /strconv\.ParseInt/],
    ['limit=', 400, /^strconv\.ParseInt: parsing "": invalid syntax$/],
    ['timeoutSeconds=9223372036854775808', 400, /parsing "9223372036854775808": value out of range$/],
    [
      'continue=%21%21',
      400,
      /^invalid continue token: continue key is not valid: illegal base64 data at input byte 0$/,
    ],
    ...tampered.map(([token, message]): [string, number, RegExp] => [
      `continue=${Buffer.from(token).toString('base64url')}`,
      400,
      new RegExp(`^invalid continue token: continue key is not valid: ${message}$`),
    ]),
    [
      'continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0&resourceVersion=5',
      400,
      /^specifying resource version is not allowed when using continue$/,
    ],
    [
      'continue=x&resourceVersion=5&resourceVersionMatch=NotOlderThan',
      422,
      /^ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided$/,
    ],
    ['labelSelector=a%3D%3D%3D', 400, /./],
    [
      'fieldSelector=spec.x%3Dy',
      400,
      /^"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"$/,
    ],
    [
      'watch=1&resourceVersionMatch=Exact&sendInitialEvents=true&continue=x',
      422,
      /^ListOptions.meta.k8s.io "" is invalid: \[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan", resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided\]$/,
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan&resourceVersion=1',
      422,
      /resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided$/,
    ],
    [
      'sendInitialEvents=true&resourceVersionMatch=Exact',
      422,
      /\[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list\]$/,
    ],
    ['fieldSelector=spec.x%3Dy', 400, /^field label not supported: spec.x$/, '/api/v1/pods'],
    ['fieldSelector=metadata.namespace%3Dy', 400, /^field label not supported: metadata.namespace$/, '/api/v1/nodes'],
    ['fieldSelector=a%3Db', 400, /^field label "a" not supported for Job$/, '/apis/batch/v1/jobs'],
    ['fieldSelector=a%3Db', 400, /^field label not supported for appsv1.StatefulSet: a$/, '/apis/apps/v1/statefulsets'],
    [
      'fieldSelector=a%3Db',
      400,
      /^field label not supported for resource.k8s.io\/v1, Kind=ResourceSlice: a$/,
      '/apis/resource.k8s.io/v1/resourceslices',
    ],
    [
      'fieldSelector=metadata.name%3Dc2',
      400,
      /^fieldSelector metadata.name doesn't match requested name$/,
      '/api/v1/watch/namespaces/reads/configmaps/c1',
    ],
  ])('refuses %s', async (query, code, message, at = path) => {
    const { status, body } = await call('GET', `${at}?${query}`);
    expect(status).toBe(code);
    expect(body.message).toMatch(message);
  });

  it('knows what upstream takes for true and false', async () => {
    const watched = async (query: string) => (await fetch(`${server.url}${path}?timeoutSeconds=1&${query}`)).text();
    expect(await watched('watch=maybe')).toMatch(/^\{"type":"ADDED"/);
    expect(await watched('watch=False')).toContain('"kind":"ConfigMapList"');
    expect(await watched('watch=0')).toContain('"kind":"ConfigMapList"');
    const streamed = 'watch=1&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=yes&sendInitialEvents=';
    expect(await watched(`${streamed}yes`)).toContain('k8s.io/initial-events-end');
    expect(await watched(`${streamed}FALSE`)).not.toContain('ADDED');
  });

  it('gives all there is at resourceVersion 0, whatever the limit', async () => {
    const { body } = await call('GET', `${path}?resourceVersion=0&limit=1`);
    expect(names(body)).toHaveLength(10);
    expect(body.metadata.continue).toBeUndefined();
  });

  it.each(['resourceVersionMatch=Exact', 'limit=1'])('says so of a revision to come, with %s', async (query) => {
    const { status, body } = await call('GET', `${path}?resourceVersion=999999&${query}`);
    expect([status, body.reason]).toEqual([504, 'Timeout']);
    expect(body.message).toMatch(/^Timeout: Too large resource version: 999999, current: \d+$/);
  });

  it('waits for a revision that is not there yet, and then says so', async () => {
    const { status, body } = await call('GET', `${path}?resourceVersion=999999`);
    expect(status).toBe(504);
    expect(body.message).toMatch(/^Timeout: Too large resource version: 999999, current: \d+$/);
    expect(body.details.causes[0].reason).toBe('ResourceVersionTooLarge');
  });

  it('compresses long lists for clients that accept it', async () => {
    const data = { long: 'x'.repeat(200_000) };
    await call('POST', path, { metadata: { name: 'long1' }, data });
    await call('POST', path, { metadata: { name: 'long2' }, data });
    const zipped = await call('GET', path, undefined, { 'accept-encoding': 'gzip' });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(names(zipped.body)).toEqual(expect.arrayContaining(['long1', 'long2']));
    const plain = await call('GET', path, undefined, { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.body).toEqual(zipped.body);
    const one = await call('GET', `${path}/long1`, undefined, { 'accept-encoding': 'gzip' });
    expect(one.headers.get('content-encoding')).toBe('gzip');
    expect(one.body.data).toEqual(data);
    await call('DELETE', `${path}/long1`);
    await call('DELETE', `${path}/long2`);
  });
});

describe('get', () => {
  it('gives an object with kind, apiVersion and resourceVersion', async () => {
    const { status, body } = await call('GET', `${path}/c1`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c1', namespace: 'reads' } });
  });

  it('says NotFound as upstream does', async () => {
    const { status, body } = await call('GET', `${path}/nope`);
    expect(status).toBe(404);
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "nope" not found',
      reason: 'NotFound',
      details: { name: 'nope', kind: 'configmaps' },
      code: 404,
    });
  });

  it('refuses names that are no path segment', async () => {
    expect((await call('GET', `${path}/a%2Fb`)).status).toBe(400);
    expect((await call('GET', `${path}/%2e%2e%2fx`)).status).toBe(400);
  });

  it.each([
    '/api/v1beta3/pods',
    '/api/v1beta3/namespaces/reads/pods/x',
    '/api/v1/nothings',
    '/apis/apps/v1/namespaces/reads/nothings',
    '/api/v1/namespaces/reads/nodes',
    '/api/v1/configmaps/c1',
    '/api/v1/namespaces/reads/configmaps/c1/nothing',
    '/api/v1beta3',
  ])('does not know %s', async (unknown) => {
    const { status, body } = await call('GET', unknown);
    expect(status).toBe(404);
    expect(body.message).toBe('the server could not find the requested resource');
  });

  it.each([
    ['POST', '/api/v1/configmaps'],
    ['PUT', path],
    ['POST', `${path}/c1`],
    ['PATCH', path],
  ])('does not take %s %s', async (method, where) => {
    const { status, body } = await call(method, where, {});
    expect(status).toBe(405);
    expect(body.message).toBe('the server does not allow this method on the requested resource');
  });
});

describe('forms', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

  it('Table of a list and of an object', async () => {
    const { body } = await call('GET', `${path}?limit=2`, undefined, { accept: table });
    expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Data', 'Age']);
    expect(body.rows).toHaveLength(2);
    expect(body.rows[0]).toMatchObject({
      cells: ['c0', 1, expect.stringMatching(/^\d+[smh]/)],
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'c0' } },
    });
    expect(body.metadata.continue).toBeDefined();
    const one = await call('GET', `${path}/c1`, undefined, { accept: table });
    expect(one.body.rows[0].cells[0]).toBe('c1');
  });

  it('Table with whole objects, or none', async () => {
    const whole = await call('GET', `${path}?includeObject=Object`, undefined, { accept: table });
    expect(whole.body.rows[0].object).toMatchObject({ kind: 'ConfigMap', data: { i: '0' } });
    const none = await call('GET', `${path}?includeObject=None`, undefined, { accept: table });
    expect(none.body.rows[0].object).toBe(null);
  });

  it('PartialObjectMetadata and its list', async () => {
    const one = await call('GET', `${path}/c1`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    expect(Object.keys(one.body).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
    const all = await call('GET', path, undefined, {
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    });
    expect(all.body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    expect(all.body.items[0].kind).toBe('PartialObjectMetadata');
  });

  it('PartialObjectMetadata of one object and its list are not taken for each other', async () => {
    const as = (kind: string) => ({ accept: `application/json;as=${kind};g=meta.k8s.io;v=v1` });
    const list = await call('GET', path, undefined, as('PartialObjectMetadata'));
    expect([list.status, list.body.message]).toEqual([
      406,
      'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
    ]);
    const one = await call('GET', `${path}/c1`, undefined, as('PartialObjectMetadataList'));
    expect([one.status, one.body.message]).toEqual([
      406,
      'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)',
    ]);
  });

  it.each(['Table', 'PartialObjectMetadataList'])('%s of v1beta1', async (kind) => {
    const accept = `application/json;as=${kind};g=meta.k8s.io;v=v1beta1`;
    const { body } = await call('GET', path, undefined, { accept });
    expect(body).toMatchObject({ kind, apiVersion: 'meta.k8s.io/v1beta1' });
    const item = kind === 'Table' ? body.rows[0].object : body.items[0];
    expect(item).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1' });
  });

  it('YAML', async () => {
    const { headers, text } = await call('GET', `${path}/c1`, undefined, { accept: 'application/yaml' });
    expect(headers.get('content-type')).toBe('application/yaml');
    expect(text).toMatch(/^apiVersion: v1\n/);
    const all = await call('GET', path, undefined, { accept: 'application/yaml' });
    expect(all.text).toContain('kind: ConfigMapList');
  });

  it.each([
    ['application/vnd.kubernetes.protobuf;as=Unknown;g=x;v=v1,application/json', 'application/json'],
    ['text/html,*/*;q=0.5', 'application/json'],
    ['application/json;as=Unknown;g=x;v=v1,application/yaml', 'application/yaml'],
  ])('the first of %s that is produced', async (accept, wanted) => {
    expect((await call('GET', `${path}/c1`, undefined, { accept })).headers.get('content-type')).toBe(wanted);
  });
});

describe('a resourceVersion that no server has come to', () => {
  const largest = '18446744073709551615';
  const token = (rv: string) => Buffer.from(`{"v":"meta.k8s.io/v1","rv":${rv},"start":"a"}`).toString('base64url');

  it.each([
    ['9007199254740993', `${path}?resourceVersion=9007199254740993`],
    ['9223372036854775808', `${path}?resourceVersion=9223372036854775808&resourceVersionMatch=NotOlderThan`],
    [largest, `${path}?resourceVersion=${largest}&resourceVersionMatch=Exact`],
    [largest, `${path}?resourceVersion=${largest}&limit=1`],
    [largest, `${path}/c0?resourceVersion=${largest}`],
    [largest, `${path}/none?resourceVersion=${largest}`],
    ['9223372036854775807', `${path}?continue=${token('9223372036854775807')}`],
  ])('is waited for and then too large, up to 64 bits: %s of %s', async (revision, url) => {
    const { status, body, headers } = await call('GET', url);
    expect([status, body.reason, headers.get('retry-after')]).toEqual([504, 'Timeout', '1']);
    expect(body.message).toMatch(new RegExp(`^Timeout: Too large resource version: ${revision}, current: \\d+$`));
    expect(body.details).toEqual({
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  });

  it('ends a watch that is to begin with what there was then', async () => {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const { status, body } = await call('GET', `${path}?${query}&resourceVersion=${largest}`);
    expect([status, body.type, body.object.code]).toEqual([200, 'ERROR', 504]);
    expect(body.object.message).toMatch(new RegExp(`^Timeout: Too large resource version: ${largest}, current: \\d+$`));
  });

  it('of more than 64 bits is out of range', async () => {
    const { status, body } = await call('GET', `${path}?resourceVersion=18446744073709551616`);
    expect([status, body.message]).toEqual([
      400,
      'invalid resource version: resourceVersion: Invalid value: "18446744073709551616": strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ]);
  });
});
