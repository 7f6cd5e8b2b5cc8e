import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

let server: TestServer;
let call: Call;
let path: string;
let run = 0;

beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
});
afterAll(() => server.close());
beforeEach(async () => {
  const namespace = `patches${run++}`;
  await call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  path = `/api/v1/namespaces/${namespace}`;
  await call('POST', `${path}/configmaps`, { metadata: { name: 'a', labels: { x: 'y' } }, data: { one: '1' } });
});

const patch = (type: string, where: string, body: unknown, query = ''): Promise<Answer> =>
  call('PATCH', `${path}/${where}${query}`, body, {
    'content-type': type === 'apply' ? 'application/apply-patch+yaml' : `application/${type}-patch+json`,
  });
const get = async (where: string) => (await call('GET', `${path}/${where}`)).body;

describe('merge patch', () => {
  it('merges, and null removes', async () => {
    const { status, body } = await patch('merge', 'configmaps/a', {
      data: { two: '2', one: null },
      metadata: { labels: null },
    });
    expect(status).toBe(200);
    expect(body.data).toEqual({ two: '2' });
    expect(body.metadata.labels).toBeUndefined();
    expect(await get('configmaps/a')).toEqual(body);
  });

  it('keeps to a resourceVersion it names', async () => {
    const { metadata } = await get('configmaps/a');
    await patch('merge', 'configmaps/a', { data: { two: '2' } });
    const stale = await patch('merge', 'configmaps/a', {
      metadata: { resourceVersion: metadata.resourceVersion },
      data: { three: '3' },
    });
    expect(stale.status).toBe(409);
    expect((await get('configmaps/a')).data).toEqual({ one: '1', two: '2' });
  });

  it('lets concurrent patches through', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    const answers = await Promise.all(keys.map((key) => patch('merge', 'configmaps/a', { data: { [key]: '1' } })));
    expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 200));
    expect(Object.keys((await get('configmaps/a')).data).sort()).toEqual(['one', ...keys].sort());
  });

  it.each([
    [
      { data: 'text' },
      422,
      /^ "" is invalid: patch: Invalid value: ".*": json: cannot unmarshal string into Go struct field ConfigMap.data/,
    ],
    [{ metadata: { name: 'b' } }, 422, /metadata.name: Invalid value: "b": field is immutable/],
    [{ metadata: { namespace: 'b' } }, 422, /metadata.namespace: Invalid value: "b": field is immutable/],
    ['{', 400, /^error decoding patch: unexpected end of JSON input$/],
    [
      '[]',
      400,
      /^error decoding patch: json: cannot unmarshal array into Go value of type map\[string\]interface \{\}$/,
    ],
  ])('%j is refused', async (body, code, message) => {
    const answer = await patch('merge', 'configmaps/a', body);
    expect(answer.status).toBe(code);
    expect(answer.body.message).toMatch(message);
    expect((await get('configmaps/a')).data).toEqual({ one: '1' });
  });

  it('validates fields as asked', async () => {
    const warned = await patch('merge', 'configmaps/a', { nothing: 1 });
    expect(warned.headers.get('warning')).toBe('299 - "unknown field \\"nothing\\""');
    const strict = await patch('merge', 'configmaps/a', { nothing: 1 }, '?fieldValidation=Strict');
    expect(strict.status).toBe(422);
    expect(strict.body.message).toContain('strict decoding error: unknown field "nothing"');
  });

  it('of what is not there is NotFound', async () => {
    expect((await patch('merge', 'configmaps/nope', {})).status).toBe(404);
  });
});

describe('JSON patch', () => {
  it('carries out its operations', async () => {
    const { body } = await patch('json', 'configmaps/a', [
      { op: 'test', path: '/data/one', value: '1' },
      { op: 'add', path: '/metadata/labels/a~1b', value: 'x' },
      { op: 'remove', path: '/data/one' },
      { op: 'add', path: '/data/__proto__', value: 'kept' },
    ]);
    expect(Object.entries(body.data)).toEqual([['__proto__', 'kept']]);
    expect(body.metadata.labels).toEqual({ x: 'y', 'a/b': 'x' });
  });

  it('that does not fit is refused as a whole', async () => {
    const { status, body } = await patch('json', 'configmaps/a', [
      { op: 'add', path: '/data/two', value: '2' },
      { op: 'test', path: '/data/one', value: 'other' },
    ]);
    expect(status).toBe(422);
    expect(body).toMatchObject({
      reason: 'Invalid',
      message: 'the server rejected our request due to an error in our request',
    });
    expect((await get('configmaps/a')).data).toEqual({ one: '1' });
  });

  it('has at most 10,000 operations', async () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' }));
    const { status, body } = await patch('json', 'configmaps/a', many);
    expect(status).toBe(413);
    expect(body.message).toContain('The allowed maximum operations in a JSON patch is 10000, got 10001');
  });
});

describe('strategic merge patch', () => {
  it('merges lists by their keys', async () => {
    const spec = {
      containers: [
        { name: 'a', image: 'i:1' },
        { name: 'b', image: 'i:1' },
      ],
    };
    await call('POST', `${path}/pods`, { metadata: { name: 'p' }, spec });
    const { status, body } = await patch('strategic-merge', 'pods/p', {
      spec: { containers: [{ name: 'b', image: 'i:2' }] },
    });
    expect(status).toBe(200);
    const images = body.spec.containers.map(({ name, image }: { name: string; image: string }) => [name, image]);
    expect(images).toEqual([
      ['a', 'i:1'],
      ['b', 'i:2'],
    ]);
  });

  it('writes status through its subresource alone', async () => {
    await call('POST', `${path}/pods`, { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'i' }] } });
    const main = await patch('strategic-merge', 'pods/p', { status: { phase: 'Running' } });
    expect(main.body.status.phase).toBe('Pending');
    const status = await patch('strategic-merge', 'pods/p/status', { status: { phase: 'Running' } });
    expect(status.body.status.phase).toBe('Running');
  });
});

describe('apply patch', () => {
  const applyTo = (manager: string, data: object, force = false) =>
    patch(
      'apply',
      'configmaps/s',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 's' }, data },
      `?fieldManager=${manager}${force ? '&force=true' : ''}`,
    );

  it('creates what is not there, and removes what is no longer sent', async () => {
    expect((await applyTo('m', { a: '1', b: '2' })).status).toBe(201);
    const again = await applyTo('m', { a: '1' });
    expect(again.status).toBe(200);
    expect(again.body.data).toEqual({ a: '1' });
    expect(again.body.metadata.managedFields).toMatchObject([{ manager: 'm', operation: 'Apply', apiVersion: 'v1' }]);
    const same = await applyTo('m', { a: '1' });
    expect(same.body.metadata.resourceVersion).toBe(again.body.metadata.resourceVersion);
  });

  it('reads YAML', async () => {
    const { status, body } = await patch(
      'apply',
      'configmaps/s',
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  a: "1"\n',
      '?fieldManager=m',
    );
    expect(status).toBe(201);
    expect(body).toMatchObject({ metadata: { name: 's' }, data: { a: '1' } });
  });

  it('names conflicts, and takes fields over by force', async () => {
    await applyTo('one', { a: '1' });
    const refused = await applyTo('two', { a: '2' });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.a',
      details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.a' }] },
    });
    expect((await applyTo('two', { a: '2' }, true)).body.data).toEqual({ a: '2' });
  });

  it('creates once when many apply at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => applyTo(`m${i}`, { [`k${i}`]: '1' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    expect(Object.keys((await get('configmaps/s')).data)).toHaveLength(10);
  });

  it('knows who wrote fields without applying', async () => {
    const { metadata } = await get('configmaps/a');
    expect(metadata.managedFields).toMatchObject([
      {
        manager: 'node',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:one': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } },
      },
    ]);
  });

  it.each([
    ['', 422, 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'],
    ['?fieldManager=m', 400, 'the name of the object (other) does not match the name on the URL (s)'],
  ])('%p is refused', async (query, code, message) => {
    const answer = await patch(
      'apply',
      'configmaps/s',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } },
      query,
    );
    expect(answer.status).toBe(code);
    expect(answer.body.message).toBe(message);
  });
});

it('other media types are refused', async () => {
  const { status, body } = await call('PATCH', `${path}/configmaps/a`, {}, { 'content-type': 'application/json' });
  expect(status).toBe(415);
  expect(body.message).toBe(
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
  );
});

it('force is for apply patches', async () => {
  const { status, body } = await patch('merge', 'configmaps/a', {}, '?force=true');
  expect(status).toBe(422);
  expect(body.message).toBe(
    'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  );
});
