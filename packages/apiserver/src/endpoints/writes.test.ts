import { connect } from 'node:net';
import { encodeProtobuf } from '@coracle/api/codec/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../testing/http.ts';
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
  const namespace = `writes${run++}`;
  await call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  path = `/api/v1/namespaces/${namespace}`;
});

const podSpec = { containers: [{ name: 'c', image: 'i' }] };

describe('create', () => {
  it('fills in what the server says about an object', async () => {
    const { status, body } = await call('POST', `${path}/configmaps`, {
      metadata: {
        name: 'a',
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
      },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'a', namespace: path.slice(19) },
    });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.now() - Date.parse(body.metadata.creationTimestamp)).toBeLessThan(60_000);
    expect(body.metadata.deletionTimestamp).toBeUndefined();
    expect((await call('GET', `${path}/configmaps/a`)).body).toEqual(body);
  });

  it('makes names from generateName', async () => {
    const made = await call('POST', `${path}/configmaps`, { metadata: { generateName: 'web-' } });
    expect(made.body.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('drops the status a client sends, and begins the generation at 1', async () => {
    const { body } = await call('POST', `/apis/apps/v1${path.slice(7)}/deployments`, {
      metadata: { name: 'd', generation: 7 },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: podSpec },
      },
      status: { replicas: 9 },
    });
    expect(body.metadata.generation).toBe(1);
    expect(body.status.replicas).toBeUndefined();
    expect(body.spec.replicas).toBe(1);
  });

  it('says AlreadyExists', async () => {
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    const { status, body } = await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
      details: { name: 'a', kind: 'configmaps' },
    });
  });

  it.each([
    [
      { metadata: { name: 'Not_Valid' } },
      422,
      /^ConfigMap "Not_Valid" is invalid: metadata.name: Invalid value: "Not_Valid": a lowercase RFC 1123 subdomain/,
    ],
    [{ metadata: {} }, 422, /metadata.name: Required value: name or generateName is required/],
    [{ metadata: { name: 'a', labels: { 'bad key': 'x' } } }, 422, /metadata.labels: Invalid value: "bad key"/],
    [{ metadata: { name: 'a', finalizers: ['not valid'] } }, 422, /metadata.finalizers: Invalid value: "not valid"/],
    [
      { metadata: { name: 'a', namespace: 'elsewhere' } },
      400,
      /^the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [
      { metadata: { name: 'a', resourceVersion: '1' } },
      500,
      /^resourceVersion should not be set on objects to be created$/,
    ],
    [
      { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a' } },
      400,
      /^Secret in version "v1" cannot be handled as a ConfigMap: converting \(v1.Secret\) to \(core.ConfigMap\): unknown conversion$/,
    ],
    [
      { kind: 'ConfigMap', apiVersion: 'v1beta3', metadata: { name: 'a' } },
      400,
      /no kind "ConfigMap" is registered for version "v1beta3"/,
    ],
    [
      { metadata: { name: 'a' }, data: 'text' },
      400,
      /^ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct field ConfigMap.data of type map\[string\]string$/,
    ],
    [
      '{"metadata":',
      400,
      /^the object provided is unrecognized \(must be of type ConfigMap\): couldn't get version\/kind; json parse error: unexpected end of JSON input/,
    ],
    ['[1]', 400, /^the object provided is unrecognized/],
  ])('refuses %j', async (body, code, message) => {
    const answer = await call('POST', `${path}/configmaps`, body);
    expect(answer.status).toBe(code);
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code });
    expect(answer.body.message).toMatch(message);
    expect((await call('GET', `${path}/configmaps`)).body.items).toEqual([]);
  });

  it('lists every wrong field as a cause', async () => {
    const { body } = await call('POST', `${path}/configmaps`, { metadata: { name: 'A', labels: { 'b c': 'd' } } });
    expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      'metadata.name',
      'metadata.labels',
    ]);
  });
});

describe('field validation', () => {
  const odd = '{"metadata":{"name":"a"},"data":{"x":"1","x":"2"},"nothing":1}';

  it('warns by default', async () => {
    const { status, headers, body } = await call('POST', `${path}/configmaps`, odd);
    expect(status).toBe(201);
    expect(headers.get('warning')).toBe('299 - "duplicate field \\"data.x\\"", 299 - "unknown field \\"nothing\\""');
    expect(body.data).toEqual({ x: '2' });
    expect(body.nothing).toBeUndefined();
  });

  it('refuses with Strict, and changes nothing', async () => {
    const { status, body } = await call('POST', `${path}/configmaps?fieldValidation=Strict`, odd);
    expect(status).toBe(400);
    expect(body.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.x", unknown field "nothing"',
    );
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
  });

  it('says duplicate and unknown fields in the order of the body', async () => {
    const mixed =
      '{"metadata":{"name":"mixed","b":1,"labels":{"l":"1","l":"2"}},"z":1,"z":2,"data":{"y":"1","x":"1","x":"2","y":"2"},"a":{"n":1,"n":2}}';
    const problems = [
      'unknown field "metadata.b"',
      'duplicate field "metadata.labels.l"',
      'unknown field "z"',
      'duplicate field "data.x"',
      'duplicate field "data.y"',
      'unknown field "a"',
    ];
    const strict = await call('POST', `${path}/configmaps?fieldValidation=Strict`, mixed);
    expect([strict.status, strict.body.message]).toEqual([
      400,
      `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${problems.join(', ')}`,
    ]);
    const warned = await call('POST', `${path}/configmaps?fieldValidation=Warn`, mixed);
    expect(warned.status).toBe(201);
    expect(warned.headers.get('warning')).toBe(
      problems.map((problem) => `299 - "${problem.replaceAll('"', '\\"')}"`).join(', '),
    );
    expect(warned.body.data).toEqual({ x: '2', y: '2' });
  });

  it('keeps quiet with Ignore', async () => {
    const { status, headers } = await call('POST', `${path}/configmaps?fieldValidation=Ignore`, odd);
    expect(status).toBe(201);
    expect(headers.get('warning')).toBeNull();
  });

  it('says of YAML which line repeats a key', async () => {
    const text = 'metadata:\n  name: a\ndata:\n  x: "1"\n  x: "2"\nnothing: 1\n';
    const yaml = { 'content-type': 'application/yaml' };
    const strict = await call('POST', `${path}/configmaps?fieldValidation=Strict`, text, yaml);
    expect(strict.body.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 5: key "x" already set in map, unknown field "nothing"',
    );
    const warned = await call('POST', `${path}/configmaps`, text, yaml);
    expect(warned.headers.get('warning')).toBe(
      '299 - "line 5: key \\"x\\" already set in map", 299 - "unknown field \\"nothing\\""',
    );
  });

  it('says of a field that is both unknown and repeated that it is unknown', async () => {
    const text = '{"metadata":{"name":"a"},"nothing":{"x":1,"x":2},"nothing":1}';
    expect((await call('POST', `${path}/configmaps`, text)).headers.get('warning')).toBe(
      '299 - "unknown field \\"nothing\\""',
    );
  });

  it('knows no other directive', async () => {
    const { status, body } = await call('POST', `${path}/configmaps?fieldValidation=Maybe`, odd);
    expect(status).toBe(422);
    expect(body.message).toBe(
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Maybe": supported values: "", "Ignore", "Strict", "Warn"',
    );
  });

  it('nor managers that cannot be printed', async () => {
    const { status, body } = await call('POST', `${path}/configmaps?fieldManager=%C3%A4%0A`, odd);
    expect([status, body.message]).toEqual([
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "ä\\n": invalid character U+000A (at position 2)',
    ]);
  });
});

describe('bodies', () => {
  it('of more than 3 MiB are refused', async () => {
    const body = JSON.stringify({ metadata: { name: 'a' }, data: { x: 'y'.repeat(3 << 20) } });
    const answer = await call('POST', `${path}/configmaps`, body);
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    });
  });

  it('that end too early change nothing', async () => {
    const body = JSON.stringify({ metadata: { name: 'cut' } });
    const { port } = new URL(server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.end(
          `POST ${path}/configmaps HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length + 50}\r\n\r\n${body}`,
        );
      });
      socket.on('close', () => resolve());
      socket.resume();
    });
    expect((await call('GET', `${path}/configmaps`)).body.items).toEqual([]);
  });

  it('keep __proto__ and integers above 2^53 as they are', async () => {
    const text = '{"metadata":{"name":"a"},"data":{"__proto__":"kept","constructor":"too"}}';
    await call('POST', `${path}/configmaps`, text);
    expect((await call('GET', `${path}/configmaps/a`)).text).toContain(
      '"data":{"__proto__":"kept","constructor":"too"}',
    );
    const revision = `/apis/apps/v1${path.slice(7)}/controllerrevisions`;
    const made = await call('POST', revision, '{"metadata":{"name":"r"},"revision":1,"data":{"big":9007199254740993}}');
    expect(made.text).toContain('"big":9007199254740993');
    expect((await call('GET', `${revision}/r`)).text).toContain('"big":9007199254740993');
  });

  it('may be YAML or protobuf, and nothing else', async () => {
    const yaml = await call('POST', `${path}/configmaps`, 'metadata: {name: a}\ndata: {x: "1"}\n', {
      'content-type': 'application/yaml',
    });
    expect(yaml.status).toBe(201);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' }, data: { x: '1' } };
    const binary = await call('POST', `${path}/configmaps`, encodeProtobuf(object, 'core/v1.ConfigMap'), {
      'content-type': 'application/vnd.kubernetes.protobuf',
    });
    expect([binary.status, binary.body.data]).toEqual([201, { x: '1' }]);
    const other = await call('POST', `${path}/configmaps`, 'x', { 'content-type': 'text/plain' });
    expect(other.status).toBe(415);
    expect(other.body.message).toBe(
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  });

  it('nested too deeply are refused', async () => {
    const deep = `{"metadata":{"name":"r"},"revision":1,"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`;
    const answer = await call('POST', `/apis/apps/v1${path.slice(7)}/controllerrevisions`, deep);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('exceeded max depth');
  });
});

describe('update', () => {
  const make = async (object: object = {}) =>
    (await call('POST', `${path}/configmaps`, { metadata: { name: 'a' }, ...object })).body;

  it('replaces the object', async () => {
    const old = await make({ data: { x: '1' } });
    const { status, body } = await call('PUT', `${path}/configmaps/a`, { ...old, data: { y: '2' } });
    expect(status).toBe(200);
    expect(body.data).toEqual({ y: '2' });
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(Number(old.metadata.resourceVersion));
    expect(body.metadata.uid).toBe(old.metadata.uid);
  });

  it('refuses a stale resourceVersion', async () => {
    const old = await make();
    await call('PUT', `${path}/configmaps/a`, { ...old, data: { x: '1' } });
    const { status, body } = await call('PUT', `${path}/configmaps/a`, { ...old, data: { x: '2' } });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  it('refuses another object of the same name', async () => {
    await make();
    const { status, body } = await call('PUT', `${path}/configmaps/a`, { metadata: { name: 'a', uid: 'other' } });
    expect(status).toBe(409);
    expect(body.message).toMatch(
      /^Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: \/registry\/configmaps\/writes\d+\/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: [0-9a-f-]{36}$/,
    );
  });

  it('leaves the resourceVersion alone when nothing changes', async () => {
    const old = await make({ data: { x: '1' } });
    const { metadata: _, ...content } = old;
    const same = await call('PUT', `${path}/configmaps/a`, { ...content, metadata: { name: 'a' } });
    expect(same.body.metadata.resourceVersion).toBe(old.metadata.resourceVersion);
  });

  it('lets every writer through that does not name a version', async () => {
    await make();
    const writers = Array.from({ length: 10 }, (_, i) =>
      call('PUT', `${path}/configmaps/a`, { metadata: { name: 'a' }, data: { [`k${i}`]: '1' } }),
    );
    expect((await Promise.all(writers)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  });

  it.each([
    ['a', { metadata: { name: 'b' } }, 400, 'the name of the object (b) does not match the name on the URL (a)'],
    ['a', { metadata: {} }, 400, 'the name of the object (a based on URL) was undeterminable: name must be provided'],
    ['nope', { metadata: { name: 'nope' } }, 404, 'configmaps "nope" not found'],
  ])('of %s with %j is refused', async (name, body, code, message) => {
    const answer = await call('PUT', `${path}/configmaps/${name}`, body);
    expect(answer.status).toBe(code);
    expect(answer.body.message).toBe(message);
  });

  it('takes the namespace off an object that has none', async () => {
    const name = `n${run}`;
    const made = await call('POST', '/api/v1/nodes', { metadata: { name, namespace: 'elsewhere' } });
    expect([made.status, made.body.metadata.namespace]).toEqual([201, undefined]);
    await call('DELETE', `/api/v1/nodes/${name}`);
  });

  it('of what is not there refuses to be of another uid', async () => {
    const leases = `/apis/coordination.k8s.io/v1${path.slice(7)}/leases`;
    const { status, body } = await call('PUT', `${leases}/l`, { metadata: { name: 'l', uid: 'gone' } });
    expect(status).toBe(409);
    expect(body.message).toMatch(/Precondition failed: UID in precondition: gone, UID in object meta: $/);
  });

  it('creates leases and events that are not there', async () => {
    const { status } = await call('PUT', `/apis/coordination.k8s.io/v1${path.slice(7)}/leases/l`, {
      metadata: { name: 'l' },
    });
    expect(status).toBe(201);
  });

  it('keeps spec and status apart, and counts changes of the spec', async () => {
    const deployments = `/apis/apps/v1${path.slice(7)}/deployments`;
    const template = { metadata: { labels: { a: 'b' } }, spec: podSpec };
    const spec = { selector: { matchLabels: { a: 'b' } }, template };
    const made = (await call('POST', deployments, { metadata: { name: 'd' }, spec })).body;
    const status = (
      await call('PUT', `${deployments}/d/status`, {
        ...made,
        spec: { ...made.spec, replicas: 9 },
        status: { replicas: 4 },
      })
    ).body;
    expect(status).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 4 }, metadata: { generation: 1 } });
    const main = (
      await call('PUT', `${deployments}/d`, { ...status, spec: { ...made.spec, replicas: 3 }, status: { replicas: 8 } })
    ).body;
    expect(main).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 4 }, metadata: { generation: 2 } });
    const label = { ...main, metadata: { ...main.metadata, labels: { x: 'y' } } };
    expect((await call('PUT', `${deployments}/d`, label)).body.metadata.generation).toBe(2);
    const other = { ...main, spec: { ...main.spec, selector: { matchLabels: { a: 'c' } } } };
    const refused = await call('PUT', `${deployments}/d`, { ...other, metadata: { name: 'd' } });
    expect(refused.status).toBe(422);
    expect(refused.body.message).toMatch(/spec.selector: Invalid value: .*: field is immutable/);
  });
});

describe('scale', () => {
  it('reads and sets the number of replicas', async () => {
    const deployments = `/apis/apps/v1${path.slice(7)}/deployments`;
    const spec = {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: podSpec },
    };
    await call('POST', deployments, { metadata: { name: 'd' }, spec });
    const scale = (await call('GET', `${deployments}/d/scale`)).body;
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'a=b' },
    });
    const put = await call('PUT', `${deployments}/d/scale`, { ...scale, spec: { replicas: 5 } });
    expect(put.body.spec.replicas).toBe(5);
    const patched = await call(
      'PATCH',
      `${deployments}/d/scale`,
      { spec: { replicas: 7 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(patched.body.spec.replicas).toBe(7);
    expect((await call('GET', `${deployments}/d`)).body.spec.replicas).toBe(7);
    const wrong = await call('PUT', `${deployments}/d/scale`, { metadata: { name: 'd' }, spec: { replicas: -1 } });
    expect(wrong.status).toBe(422);
    expect(wrong.body.message).toBe(
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
    expect((await call('PUT', `${deployments}/d/scale`, { ...scale })).status).toBe(409);
  });
});

it('nobody manages what the server sets in a new object, though a client wrote it', async () => {
  const metadata = { name: 'gone', deletionTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 };
  const { body } = await call('POST', `${path}/configmaps`, { metadata });
  expect(body.metadata).not.toHaveProperty('deletionTimestamp');
  expect(body.metadata).not.toHaveProperty('managedFields');
});

describe('dry run', () => {
  it('answers as the write would, and does nothing', async () => {
    const made = await call('POST', `${path}/configmaps?dryRun=All`, { metadata: { name: 'a' } });
    expect(made.body.metadata).not.toHaveProperty('resourceVersion');
    expect(made.status).toBe(201);
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    expect((await call('POST', `${path}/configmaps?dryRun=All`, { metadata: { name: 'a' } })).status).toBe(409);
    const put = await call('PUT', `${path}/configmaps/a?dryRun=All`, { metadata: { name: 'a' }, data: { x: '1' } });
    expect(put.body.data).toEqual({ x: '1' });
    expect((await call('DELETE', `${path}/configmaps/a?dryRun=All`)).status).toBe(200);
    const { body } = await call('GET', `${path}/configmaps/a`);
    expect(body.data).toBeUndefined();
    for (const some of ['Some', '']) {
      expect(
        (await call('POST', `${path}/configmaps?dryRun=${some}`, { metadata: { name: 'b' } })).body.message,
      ).toMatch(/dryRun: Unsupported value: .*: supported values: "All"/);
    }
  });
});

describe('metadata', () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '1' };
  const make = (metadata: object) => call('POST', `${path}/configmaps`, { metadata: { name: 'a', ...metadata } });

  it('names an owner once', async () => {
    const made = await make({ ownerReferences: [owner, { ...owner, name: 'q' }, owner] });
    expect(made.body.metadata.ownerReferences).toEqual([owner, { ...owner, name: 'q' }]);
    const text = 'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24';
    expect(made.headers.get('warning')).toBe(
      `299 - ".metadata.ownerReferences contains duplicate entries; ${text}; please fix your requests; duplicate UID(s) observed: 1"`,
    );
  });

  it('has owners that are one thing to managers', async () => {
    const { body } = await make({ ownerReferences: [owner] });
    expect(body.metadata.managedFields[0].fieldsV1['f:metadata']['f:ownerReferences']).toEqual({
      '.': {},
      'k:{"uid":"1"}': {},
    });
  });

  it('leaves deletion to DELETE, and the time of its making to the server', async () => {
    const { body } = await make({});
    const put = (metadata: object) =>
      call('PUT', `${path}/configmaps/a`, { metadata: { ...body.metadata, ...metadata } });
    expect((await put({ deletionTimestamp: '2030-01-01T00:00:00Z' })).body.message).toBe(
      'ConfigMap "a" is invalid: metadata.deletionTimestamp: Invalid value: "2030-01-01T00:00:00Z": field is immutable',
    );
    expect((await put({ deletionGracePeriodSeconds: 5 })).body.message).toBe(
      'ConfigMap "a" is invalid: metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable',
    );
    const kept = await put({ creationTimestamp: '2001-01-01T00:00:00Z' });
    expect(kept.body.metadata.creationTimestamp).toBe(body.metadata.creationTimestamp);
  });

  it('of a new object may say a revision that is none', async () => {
    for (const resourceVersion of ['0', 'none']) {
      const made = await call('POST', `${path}/configmaps`, { metadata: { generateName: 'a-', resourceVersion } });
      expect(made.status).toBe(201);
    }
    expect((await make({ resourceVersion: '7' })).status).toBe(500);
  });
});

describe('what a client accepts', () => {
  it('is looked at before anything is written', async () => {
    const accept = { accept: 'text/html' };
    expect((await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } }, accept)).status).toBe(406);
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    expect((await call('DELETE', `${path}/configmaps/a`, undefined, accept)).status).toBe(406);
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(200);
  });

  it('may be a Table of what is deleted at once: the answer is a Status all the same', async () => {
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    expect((await call('DELETE', `${path}/configmaps/a`, undefined, { accept })).body).toMatchObject({
      kind: 'Status',
      status: 'Success',
    });
  });
});

describe('events', () => {
  it('are the same objects in both groups', async () => {
    const regarding = { kind: 'Pod', namespace: path.slice(19), name: 'p' };
    const made = await call('POST', `/apis/events.k8s.io/v1${path.slice(7)}/events`, {
      metadata: { name: 'e' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'c',
      reportingInstance: 'i',
      action: 'a',
      reason: 'r',
      type: 'Normal',
      regarding,
      note: 'text',
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'text', regarding });
    const core = await call('GET', `${path}/events/e`);
    expect(core.body).toMatchObject({
      apiVersion: 'v1',
      message: 'text',
      involvedObject: regarding,
      reportingComponent: 'c',
    });
    const selected = await call('GET', `${path}/events?fieldSelector=involvedObject.name%3Dp`);
    expect(selected.body.items).toHaveLength(1);
    const newer = await call('GET', `/apis/events.k8s.io/v1${path.slice(7)}/events?fieldSelector=regarding.name%3Dp`);
    expect(newer.body.items[0]).toMatchObject({ note: 'text' });
    expect(newer.body.items[0].message).toBeUndefined();
  });
});
