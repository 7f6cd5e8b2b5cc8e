import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer } from '../testing/http.ts';
import { callsToOwnServer, freshNamespace } from '../testing/own-server.ts';

const call = callsToOwnServer();
let path: string;
beforeEach(async () => {
  path = await freshNamespace(call);
  await call('POST', `${path}/configmaps`, { metadata: { name: 'a', labels: { x: 'y' } }, data: { one: '1' } });
});

const patch = (type: string, where: string, body: unknown, query = ''): Promise<Answer> =>
  call('PATCH', `${path}/${where}${query}`, body, {
    'content-type': type === 'apply' ? 'application/apply-patch+yaml' : `application/${type}-patch+json`,
  });
const get = async (where: string) => (await call('GET', `${path}/${where}`)).body;

describe('json patch', () => {
  it('tells of what no operation has, and of what one has twice', async () => {
    const body = '[{"op":"add","path":"/data/two","value":"1","value":"2","extra":1}]';
    const warned = await patch('json', 'configmaps/a', body);
    expect([warned.status, warned.headers.get('warning')]).toEqual([
      200,
      '299 - "json patch duplicate field \\"[0].value\\"", 299 - "json patch unknown field \\"[0].extra\\""',
    ]);
    const strict = await patch('json', 'configmaps/a', body, '?fieldValidation=Strict');
    expect([strict.status, strict.body.message]).toEqual([
      422,
      expect.stringContaining(
        'strict decoding error: json patch duplicate field "[0].value", json patch unknown field',
      ),
    ]);
  });

  it('has operations', async () => {
    expect((await patch('json', 'configmaps/a', [3])).body).toMatchObject({
      code: 400,
      message: 'error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp',
    });
    expect((await patch('json', 'configmaps/a', [{ op: 'add', path: 1 }])).body.message).toBe(
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string',
    );
  });
});

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
    [{ metadata: { name: 'b' } }, 400, /^the name of the object \(b\) does not match the name on the URL \(a\)$/],
    [
      { metadata: { name: null } },
      400,
      /^the name of the object \(a based on URL\) was undeterminable: name must be provided$/,
    ],
    [
      { metadata: { namespace: 'b' } },
      400,
      /^the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [
      { metadata: { uid: 'b' } },
      422,
      /^ConfigMap "a" is invalid: metadata.uid: Invalid value: "b": field is immutable$/,
    ],
    [
      { kind: 'Secret' },
      422,
      /^ "" is invalid: patch: Invalid value: ".*\\"one\\".*": converting \(v1.Secret\) to \(core.ConfigMap\): unknown conversion$/,
    ],
    [
      { kind: 'Nothing' },
      422,
      /: no kind "Nothing" is registered for version "v1" in scheme "pkg\/api\/legacyscheme\/scheme.go:30"$/,
    ],
    ['null', 400, /^Invalid JSON Patch$/],
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
    expect(body.details).toEqual({});
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
  it('shows itself where it is refused, and does not mind kinds', async () => {
    const refused = await patch('strategic-merge', 'configmaps/a', { data: { two: 2 } });
    expect(refused.body.message).toMatch(/^ "" is invalid: patch: Invalid value: "map\[data:map\[two:2\]\]": /);
    const list = await patch('strategic-merge', 'configmaps/a', '[]');
    expect(list.body.message).toBe('json: cannot unmarshal array into Go value of type map[string]interface {}');
    expect((await patch('strategic-merge', 'configmaps/a', { kind: 'Secret' })).body.kind).toBe('ConfigMap');
  });

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
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  a: "1"\n',
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

  it('says which line repeats a key', async () => {
    const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: s\ndata:\n  a: "1"\n  a: "2"\n';
    const json = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s"},\n"data":{"a":"1","a":"2"}}';
    for (const [text, line] of [
      [twice, 7],
      [json, 2],
    ]) {
      const warned = await patch('apply', 'configmaps/s', text, '?fieldManager=m');
      expect(warned.headers.get('warning')).toBe(`299 - "line ${line}: key \\"a\\" already set in map"`);
      expect(warned.body.data).toEqual({ a: '2' });
      const ignored = await patch('apply', 'configmaps/s', text, '?fieldManager=m&fieldValidation=Ignore');
      expect(ignored.headers.get('warning')).toBeNull();
      const strict = await patch('apply', 'configmaps/s', text, '?fieldManager=m&fieldValidation=Strict');
      expect([strict.status, strict.body.message]).toEqual([
        400,
        `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line ${line}: key "a" already set in map`,
      ]);
    }
  });

  it.each<[object, number, string]>([
    [{ kind: 'Secret' }, 400, 'invalid object type: /v1, Kind=Secret'],
    [{ apiVersion: 'v2' }, 400, 'invalid object type: /v2, Kind=ConfigMap'],
    [{ apiVersion: undefined, kind: undefined }, 400, 'invalid object type: /, Kind='],
    [{ metadata: { name: 's', managedFields: [] } }, 400, 'metadata.managedFields must be nil'],
    [{ metadata: {} }, 400, 'the name of the object (s based on URL) was undeterminable: name must be provided'],
    [
      { metadata: { name: 's', namespace: 'other' } },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      { metadata: { name: 's', uid: 'u' } },
      409,
      'Operation cannot be fulfilled on configmaps "s": uid mismatch: the provided object specified uid u, and no existing object was found',
    ],
    [
      { bogus: 1 },
      500,
      'failed to create typed patch object (/s; /v1, Kind=ConfigMap): .bogus: field not declared in schema',
    ],
    [
      { metadata: { name: 's', creationTimestamp: 'x' } },
      500,
      'failed to convert new object (/s; /v1, Kind=ConfigMap) to proper version: unable to convert unstructured object to /v1, Kind=ConfigMap: parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
    ],
  ])('of %j creates nothing', async (more, code, message) => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 's' }, ...more };
    const { status, body } = await patch('apply', 'configmaps/s', object, '?fieldManager=m');
    expect([status, body.message]).toEqual([code, message]);
    expect((await get('configmaps/s')).code).toBe(404);
  });

  it('that says nothing manages nothing', async () => {
    const { status, body } = await patch(
      'apply',
      'configmaps/a',
      { apiVersion: 'v1', kind: 'ConfigMap' },
      '?fieldManager=m',
    );
    expect(status).toBe(200);
    expect(body.metadata.managedFields.map(({ manager }: { manager: string }) => manager)).not.toContain('m');
  });

  it('keeps to a resourceVersion and a uid it names', async () => {
    const { body } = await applyTo('m', { a: '1' });
    const naming = (metadata: object) =>
      patch(
        'apply',
        'configmaps/s',
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 's', ...metadata }, data: { a: '2' } },
        '?fieldManager=m',
      );
    expect((await naming({ resourceVersion: '1' })).body.reason).toBe('Conflict');
    expect((await naming({ uid: 'other' })).body.message).toBe(
      'ConfigMap "s" is invalid: metadata.uid: Invalid value: "other": field is immutable',
    );
    const { uid, resourceVersion } = body.metadata;
    expect((await naming({ uid, resourceVersion })).body.data).toEqual({ a: '2' });
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

describe('apply patch of a subresource', () => {
  const named = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } };
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { replicas: 1, selector: { matchLabels: { a: 'b' } }, template };
  let deployments: string;
  const send = (where: string, body: object, query: string) =>
    call('PATCH', `${deployments}/d${where}${query}`, body, { 'content-type': 'application/apply-patch+yaml' });
  const scale = (replicas: number, query: string) =>
    send('/scale', { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'd' }, spec: { replicas } }, query);
  // biome-ignore lint/suspicious/noExplicitAny: as the server shows them.
  const managers = async (): Promise<any[]> =>
    (await call('GET', `${deployments}/d`)).body.metadata.managedFields.map(
      // biome-ignore lint/suspicious/noExplicitAny: as above.
      ({ manager, operation, subresource, fieldsV1 }: any) => [manager, operation, subresource, Object.keys(fieldsV1)],
    );
  beforeEach(async () => {
    deployments = `/apis/apps/v1${path.slice(7)}/deployments`;
    expect((await send('', { ...named, spec, status: { replicas: 9 } }, '?fieldManager=owner')).status).toBe(201);
  });

  it('status: owns status alone, and removes what it no longer sends', async () => {
    const conditions = [{ type: 'Available', status: 'True' }];
    const first = await send(
      '/status',
      { ...named, spec: { replicas: 7 }, status: { replicas: 2, conditions } },
      '?fieldManager=s',
    );
    expect(first.body).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 2, conditions } });
    expect(await managers()).toEqual([
      ['owner', 'Apply', undefined, ['f:spec']],
      ['s', 'Apply', 'status', ['f:status']],
    ]);
    const second = await send('/status', { ...named, status: { conditions } }, '?fieldManager=s');
    expect(second.body.status).toEqual({ conditions });
    const missing = await call(
      'PATCH',
      `${deployments}/none/status?fieldManager=s`,
      { ...named, metadata: { name: 'none' } },
      {
        'content-type': 'application/apply-patch+yaml',
      },
    );
    expect(missing.status).toBe(404);
  });

  it('scale: names conflicts about replicas, and takes them over by force', async () => {
    const refused = await scale(5, '?fieldManager=scaler');
    expect([refused.status, refused.body.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "owner": .spec.replicas',
    ]);
    expect((await scale(5, '?fieldManager=scaler&force=true')).body.spec).toEqual({ replicas: 5 });
    expect(await managers()).toEqual([
      ['scaler', 'Apply', 'scale', ['f:spec']],
      ['owner', 'Apply', undefined, ['f:spec']],
    ]);
    expect((await scale(6, '?fieldManager=scaler')).body.spec).toEqual({ replicas: 6 });
    expect((await send('', { ...named, spec }, '?fieldManager=owner')).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale": .spec.replicas',
    );
  });

  it('scale: shares replicas it leaves as they are, and leaves them to who scales later', async () => {
    expect((await scale(1, '?fieldManager=scaler')).status).toBe(200);
    const replicas = ({ fieldsV1 }: { fieldsV1: { 'f:spec': object } }) => 'f:replicas' in fieldsV1['f:spec'];
    const owners = async () =>
      (await call('GET', `${deployments}/d`)).body.metadata.managedFields
        .filter(replicas)
        .map(({ manager }: { manager: string }) => manager);
    expect(await owners()).toEqual(['scaler', 'owner']);
    await call(
      'PATCH',
      `${deployments}/d/scale?fieldManager=hpa`,
      { spec: { replicas: 3 } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    expect(await owners()).toEqual(['hpa']);
  });
});

it('other media types are refused', async () => {
  const { status, body } = await call('PATCH', `${path}/configmaps/a`, {}, { 'content-type': 'application/json' });
  expect(status).toBe(415);
  expect(body).toMatchObject({
    reason: 'UnsupportedMediaType',
    message: '415: Unsupported Media Type',
    details: {},
  });
});

it('force is for apply patches', async () => {
  const { status, body } = await patch('merge', 'configmaps/a', {}, '?force=true');
  expect(status).toBe(422);
  expect(body.message).toBe(
    'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
  );
});
