import { connect, type Socket } from 'node:net';
import { encodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import { configMap } from '@coracle/api/core/v1/configmap';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from './testing/definitions.ts';
import { eventually } from './testing/expectations.ts';
import { type Call, callsTo } from './testing/http.ts';
import { startApiServer, type TestServer } from './testing.ts';

let server: TestServer;
let call: Call;
beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
});
afterAll(() => server.close());

const maps = '/api/v1/namespaces/default/configmaps';
const jsonPatch = { 'content-type': 'application/json-patch+json' };
const yaml = { 'content-type': 'application/yaml' };
const open: Socket[] = [];

/** A connection that says what it is told to, and reads only when it is asked. */
function rawConnection(text: string): Socket {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  open.push(socket);
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
}
afterAll(() => {
  for (const each of open) each.destroy();
});

/** What comes until a text is seen, or the other side ends. */
async function readUntil(socket: Socket, text: string): Promise<string> {
  let seen = '';
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    seen += part;
    if (seen.includes(text, seen.length - part.length - text.length)) break;
  }
  return seen;
}

describe('bombs', () => {
  it('of JSON patch operations', async () => {
    await call('POST', maps, { metadata: { name: 'bomb' }, data: { a: 'x'.repeat(1000) } });
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' }));
    expect(await call('PATCH', `${maps}/bomb`, many, jsonPatch)).toMatchObject({
      status: 413,
      body: { message: 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001' },
    });
    const doubling = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/${i}` }));
    const { status, body } = await call('PATCH', `${maps}/bomb`, doubling, jsonPatch);
    expect([status, body.message]).toEqual([422, 'the server rejected our request due to an error in our request']);
  });

  it('of YAML aliases', async () => {
    const rows = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++)
      rows.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const { status, body } = await call('POST', maps, `${rows.join('\n')}\nmetadata: {name: yaml}\n`, yaml);
    expect([status, body.message]).toEqual([400, expect.stringContaining('excessive aliasing')]);
  });

  it.each(['json', 'yaml'])('of nesting, in %s', async (form) => {
    const deep = `{"metadata":{"name":"deep"},"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const { status } = await call('POST', maps, deep, form === 'yaml' ? yaml : {});
    expect(status).toBe(400);
  });

  it('of bytes', async () => {
    const text = (size: number) => ({ metadata: { name: 'large' }, data: { a: 'x'.repeat(size) } });
    expect(await call('POST', maps, text(3 << 20))).toMatchObject({
      status: 413,
      body: { reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 3145728' },
    });
    expect((await call('POST', maps, text(2 << 20))).body.message).toContain(
      'Too long: may not be more than 1048576 bytes',
    );
  });
});

describe('bodies that cannot be stored', () => {
  const keys = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key-${i}`, 'value'.repeat(2000)]));
  const large = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'many-keys', annotations: keys } };
  const refused = {
    status: 413,
    body: { message: expect.stringMatching(/message larger than max|request is too large/) },
  };

  it('are refused by what is wrong with them before their size', async () => {
    expect(await call('POST', maps, large)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('metadata.annotations: Too long') },
    });
  });

  it('are refused as such where nothing else is, also in a dry run and by apply', async () => {
    const path = '/api/v1/namespaces/default/podtemplates';
    const { metadata: _, ...rest } = large;
    const template = {
      metadata: { name: 'a' },
      template: { spec: { containers: [{ name: 'c', image: 'x', env: [] as object[] }] } },
    };
    template.template.spec.containers[0]!.env = Array.from({ length: 70_000 }, (_, i) => ({
      name: `V${i}`,
      value: 'value',
    }));
    expect(await call('POST', path, template)).toMatchObject(refused);
    expect(await call('POST', `${path}?dryRun=All`, template)).toMatchObject(refused);
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const applied = { ...rest, kind: 'PodTemplate', ...template };
    expect(await call('PATCH', `${path}/a?fieldManager=x`, applied, apply)).toMatchObject(refused);
  });

  it('are taken where their white space is the largest part of them', async () => {
    const text = `${' '.repeat(2_500_000)}{"metadata":{"name":"spaced"},"data":{"a":"b"}}`;
    expect((await call('POST', maps, text)).body).toMatchObject({ metadata: { managedFields: [{}] } });
  });
});

describe('much of one thing', () => {
  const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

  it('owners that all control: said once', async () => {
    const owner = (i: number) => ({ apiVersion: 'v1', kind: 'Pod', name: `p${i}`, uid: 'u', controller: true });
    const { status, body } = await call('POST', maps, {
      metadata: { name: 'owned', ownerReferences: many(20_000, owner) },
    });
    expect(status).toBe(422);
    expect(body.details.causes).toHaveLength(1);
    expect(body.message).toMatch(
      /Only one reference can have Controller set to true. Found "true" in references for Pod\/p0 and Pod\/p1$/,
    );
  });

  it('volumes and errors of a pod: looked at once each', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    const pod = (spec: object) => ({
      metadata: { name: 'wide' },
      spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
    });
    const volumes = many(150_000, (i) => ({ name: `v${i}` }));
    expect((await call('POST', pods, pod({ volumes }))).status).toBe(413);
    const empty = await call('POST', pods, pod({ tolerations: many(20_000, () => ({ operator: 'x' })) }));
    expect([empty.status, empty.body.reason]).toEqual([422, 'Invalid']);
  });

  it('items of strategic patches: found by what identifies them', async () => {
    const finalizers = (count: number) => many(count, (i) => `e.c/${i}`);
    await call('POST', maps, { metadata: { name: 'long-lists', finalizers: finalizers(15_000) } });
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    const patched = await call(
      'PATCH',
      `${maps}/long-lists`,
      { metadata: { finalizers: finalizers(25_000) } },
      strategic,
    );
    expect(patched.body.metadata.finalizers).toHaveLength(25_000);
    const gone = { metadata: { '$deleteFromPrimitiveList/finalizers': finalizers(150_000) } };
    expect((await call('PATCH', `${maps}/long-lists`, gone, strategic)).body.metadata.finalizers).toBeUndefined();
  });

  it.each<[string, number, (i: number) => object]>([
    ['long', 30, (i) => ({ expression: `[${`${i},`.repeat(10_000)}1].size() > 1` })],
    ['nested', 8000, (i) => ({ expression: `[${i}].all(a, [a].all(b, [b].all(c, [c].all(d, d == 1))))` })],
    ['repeating', 5000, (i) => ({ expression: `'a'.matches('(a{1,30}){1,30}${i}')` })],
  ])('expressions of a policy that are %s: no more are compiled than anybody writes', async (_, count, validation) => {
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }];
    const { status, body } = await call('POST', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', {
      metadata: { name: 'much' },
      spec: { matchConstraints: { resourceRules: rules }, validations: many(count, validation) },
    });
    expect([status, body.message]).toEqual([
      422,
      'ValidatingAdmissionPolicy.admissionregistration.k8s.io "much" is invalid: spec: Forbidden: expressions must not be so many, or so long, together',
    ]);
  });

  it('variables of a policy: each sees those before it, and is not shown them anew', async () => {
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }];
    const variables = many(15_000, (i) => ({ name: `v${i}`, expression: i === 0 ? '1' : `variables.v${i - 1}` }));
    const made = await call('POST', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', {
      metadata: { name: 'many-variables' },
      spec: {
        matchConstraints: { resourceRules: rules },
        variables,
        validations: [{ expression: 'variables.v14999 == 1' }],
      },
    });
    expect(made.status).toBe(201);
  });

  it('errors of one object: none is looked for beyond what is told', async () => {
    const { status, body } = await call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      metadata: { name: 'empty' },
      rules: many(100_000, () => ({})),
    });
    expect(status).toBe(422);
    expect(body.details.causes.length).toBeLessThan(20_000);
    expect(body.message).toMatch(/"empty" is invalid: \[rules\[0\]\.verbs: Required value: /);
  });

  it.each([
    ['sent', (count: number) => many(count, () => ({})), 1_000_000],
    ['made of them by defaults', (count: number) => many(count, (i) => ({ name: `c${i}`, image: 'x' })), 60_000],
  ])('parts that are %s: what is wrong with each of very many is not looked for', async (_, containers, count) => {
    const { status, body } = await call('POST', '/api/v1/namespaces/default/podtemplates', {
      metadata: { name: 'vast' },
      template: { spec: { containers: containers(count) } },
    });
    expect([status, body.message]).toEqual([413, 'Request entity too large: etcdserver: request is too large']);
  });

  it('parts that a patch copies: no more is done with very many', async () => {
    const data = Object.fromEntries(many(15_000, (i) => [`k${i}`, '']));
    await call('POST', maps, { metadata: { name: 'copied' }, data });
    const copies = many(12, (i) => ({ op: 'copy', from: '/data', path: `/metadata/managedFields/0/fieldsV1/f:${i}` }));
    const { status } = await call('PATCH', `${maps}/copied`, copies, jsonPatch);
    expect(status).toBe(413);
  });

  it('errors of one object: as many as an answer has room for', async () => {
    const labels = Object.fromEntries(many(30_000, (i) => [`not a key ${i}`, 'x']));
    const { status, text } = await call('POST', maps, { metadata: { name: 'wrong', labels } });
    expect(status).toBe(422);
    expect(text.length).toBeLessThan(4 << 20);
  });

  it('warnings: as many as headers have room for', async () => {
    const fields = many(50_000, (i) => `"unknown${i}":1`).join(',');
    const { status, headers } = await call('POST', maps, `{"metadata":{"name":"warned"},${fields},${fields}}`);
    expect(status).toBe(201);
    expect(headers.get('warning')!.length).toBeLessThan(8192);
    const long = 'x'.repeat(5000);
    const cut = await call('POST', maps, `{"metadata":{"name":"cut"},"${long}":1}`);
    expect(cut.headers.get('warning')).toBe(`299 - "unknown field \\"${'x'.repeat(256 - 15)}"`);
  });

  it('fields far below long names: as many as have 1 MiB of text', async () => {
    const names = many(100, () => `{"${'n'.repeat(5000)}":`).join('');
    const fields = many(24_000, (i) => `"f${i}":1,"f${i}":2`).join(',');
    const nested = `${names}{${fields}}${'}'.repeat(100)}`;
    const strict = (text: string) => call('POST', `${maps}?fieldValidation=Strict`, text);
    const unknown = await strict(`{"metadata":{"name":"far"},"x":${nested}}`);
    expect([unknown.status, unknown.body.message]).toEqual([
      400,
      expect.stringMatching(/strict decoding error: unknown field "x"$/),
    ]);
    const known = await strict(`{"metadata":{"name":"far","managedFields":[{"fieldsV1":${nested}}]}}`);
    expect([known.status, known.body.message.match(/duplicate field/g)!.length]).toEqual([400, 3]);
  });

  it('errors of a custom resource: each is said once, none is looked for beyond what is told', async () => {
    const keyed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
    const item = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
    await define(
      call,
      definitionOf('Faulty', [
        versionOf({ keyed: { type: 'array', ...keyed, items: item }, free: { type: 'array', items: item } }),
      ]),
    );
    const faulty = (items: object) =>
      call('POST', '/apis/example.com/v1/namespaces/default/faultys', {
        apiVersion: 'example.com/v1',
        kind: 'Faulty',
        metadata: { name: 'a' },
        ...items,
      });
    const required = await faulty({ free: many(400_000, () => ({})) });
    expect([required.status, required.body.details.causes.length < 50_000]).toEqual([422, true]);
    const twice = await faulty({ keyed: many(60_000, (i) => ({ name: `a${i >> 1}` })) });
    expect([twice.status, twice.body.details.causes.length < 50_000]).toEqual([422, true]);
  });

  it('fields a definition does not have, below a long name: as many as have 1 MiB of text', async () => {
    const fields = many(49_000, (i) => `"f${i}":1`).join(',');
    const schema = { openAPIV3Schema: { type: 'object' as const, properties: { ['n'.repeat(1_500_000)]: {} } } };
    const definition = definitionOf('Far', [{ ...versionOf({}), schema }]);
    const text = JSON.stringify(definition).replace('nn":{}', `nn":{${fields}}`);
    const { status, body } = await call(
      'POST',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldValidation=Strict',
      text,
    );
    expect([status, body.message.match(/unknown field/g)!.length]).toEqual([400, 1]);
  });

  it.each([
    ['numbers', '1'],
    ['objects', '{}'],
  ])('%s beside an integer of many digits: only that is kept as it is', async (name, item) => {
    const items = many(700_000, () => item).join(',');
    const text = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"},"y":12345678901234567890,"x":[${items}]}`;
    expect((await call('POST', maps, text)).status).toBe(201);
  });

  it('warnings of many parts: no more is kept of them', async () => {
    const { status, headers } = await call('POST', '/api/v1/namespaces/default/podtemplates', {
      metadata: { name: 'warned' },
      template: {
        spec: { containers: [{ name: 'c', image: 'x' }], imagePullSecrets: many(250_000, () => ({})) },
      },
    });
    expect(status).toBe(201);
    expect(headers.get('warning')!.length).toBeLessThan(8192);
  });

  it('managers: joined', async () => {
    const entry = (i: number) => ({
      manager: `m${i}`,
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { [`f:${i}`]: {} } },
    });
    const { status, body } = await call('POST', maps, {
      metadata: { name: 'managed', managedFields: many(8000, entry) },
      data: { a: 'x' },
    });
    expect(status).toBe(201);
    expect(body.metadata.managedFields.length).toBeLessThan(11);
  });

  const admission = '/apis/admissionregistration.k8s.io/v1';
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] }];
  const hook = {
    name: 'a.b.c',
    clientConfig: { url: 'https://a.example' },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  const policy = { matchConstraints: { resourceRules: rules }, reinvocationPolicy: 'Never' };
  const slice = {
    driver: 'd.example',
    nodeName: 'n',
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
  };
  it.each<[string, string, object, number]>([
    [
      'names of match conditions: compared with those before them at once',
      `${admission}/validatingwebhookconfigurations`,
      { webhooks: [{ ...hook, matchConditions: many(40_000, (i) => ({ name: `a${i}` })) }] },
      422,
    ],
    [
      'variables that say nothing: compiled once',
      `${admission}/mutatingadmissionpolicies`,
      { spec: { ...policy, variables: many(300_000, () => ({})) } },
      422,
    ],
    [
      'mutations of a policy: their functions are gathered once',
      `${admission}/mutatingadmissionpolicies`,
      {
        spec: {
          ...policy,
          mutations: many(34_000, () => ({ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } })),
        },
      },
      413,
    ],
    [
      'taints of a device that say nothing: dated once',
      '/apis/resource.k8s.io/v1/resourceslices',
      { spec: { ...slice, devices: [{ name: 'd', taints: many(40_000, () => ({})) }] } },
      422,
    ],
    [
      'fields that a rule of a schema sees: found by their names',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definitionOf('Seen', [
        versionOf({
          spec: {
            type: 'object',
            'x-kubernetes-validations': [{ rule: "self.p1 == ''" }],
            required: many(20_000, (i) => `p${i}`),
            properties: Object.fromEntries(many(20_000, (i) => [`p${i}`, { type: 'string' }])),
          },
        }),
      ]),
      201,
    ],
    [
      'keys of a list: looked for among what is required at once',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definitionOf('Keyed', [
        versionOf({
          spec: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': many(20_000, (i) => `p${i}`),
            items: {
              type: 'object',
              required: many(20_000, (i) => `p${i}`),
              properties: Object.fromEntries(many(20_000, (i) => [`p${i}`, { type: 'string' }])),
            },
          },
        }),
      ]),
      201,
    ],
    [
      'alternatives of a schema that say nothing: next to nothing is kept of them',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definitionOf('Wide', [versionOf({ spec: { type: 'object', anyOf: many(300_000, () => ({})) } })]),
      422,
    ],
  ])('%s', async (_, path, object, status) => {
    const answer = await call('POST', path, { metadata: { name: 'much' }, ...object });
    expect([answer.status, answer.text.slice(0, answer.status === status ? 0 : 500)]).toEqual([status, '']);
  });

  it('items in protobuf: no more are read than any store takes', async () => {
    const metadata = { name: 'items', finalizers: many(1_100_000, () => '') };
    const body = encodeProtobuf({ apiVersion: 'v1', kind: 'ConfigMap', metadata } as object, 'core/v1.ConfigMap');
    const answer = await call('POST', maps, body, { 'content-type': protobufType });
    expect([answer.status, answer.body.message]).toEqual([
      400,
      expect.stringContaining('message contains more than 524288 items'),
    ]);
  });

  it('spread constraints: compared by what they say, not each with each', async () => {
    const topologySpreadConstraints = many(20_000, (i) => ({
      maxSkew: 1,
      topologyKey: `key-${i}`,
      whenUnsatisfiable: 'DoNotSchedule',
    }));
    const spec = { containers: [{ name: 'a', image: 'x' }], topologySpreadConstraints };
    const { status } = await call('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'spread' }, spec });
    expect(status).toBe(413);
  });

  it.each([
    ['documents after the first', `metadata: {name: first}\n${'---\n]\n'.repeat(500_000)}`, 201],
    ['documents', '---\n'.repeat(700_000), 422],
    ['repeated keys', `metadata: {name: repeated}\n${'a: 1\n'.repeat(90_000)}`, 201],
    ['more values than any manifest has', `metadata: {name: many}\na: [${'1,'.repeat(1_100_000)}1]`, 400],
    ['an error behind many lines', `metadata: {name: lines}\n${'\n'.repeat(2_900_000)}]`, 400],
    ['a number of many parts', `metadata: {name: number}\na: ${'1_'.repeat(1_400_000)}`, 201],
    ['bytes', `metadata: {name: bytes}\na: !!binary ${'AAAA'.repeat(700_000)}`, 201],
  ])('%s of YAML', async (_, text, status) => {
    expect((await call('POST', maps, text, yaml)).status).toBe(status);
  });
});

describe('keys that mean something to JavaScript', () => {
  it('are data', async () => {
    const data = '{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d"}';
    const made = await call('POST', maps, `{"metadata":{"name":"keys","labels":{"constructor":"x"}},"data":${data}}`);
    expect(made.text).toContain('"__proto__":"a"');
    const patch = '{"data":{"__proto__":"changed","toString":null}}';
    const merge = { 'content-type': 'application/merge-patch+json' };
    expect((await call('PATCH', `${maps}/keys`, patch, merge)).status).toBe(200);
    const { text } = await call('GET', `${maps}/keys?labelSelector=constructor`);
    expect(text).toContain('"data":{"__proto__":"changed","constructor":"b","hasOwnProperty":"d"}');
    expect(({} as Record<string, unknown>)['changed']).toBeUndefined();
  });
});

describe('paths', () => {
  it.each([
    ['/api/v1/namespaces/default/nodes', 404],
    ['/api/v1/namespaces/default/nodes/x', 404],
    ['/api/v1/configmaps/x', 404],
    [`${maps}/..%2f..%2fsecrets`, 400],
    [`${maps}/%2e%2e`, 400],
    ['/api/v1/namespaces/..%2f..%2fregistry/configmaps/x', 404],
    [`${maps}/%00`, 404],
    [`${maps}/%ff`, 400],
    [`${maps}/%zz`, 400],
  ])('%s leads nowhere', async (path, status) => {
    const socket = rawConnection(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await readUntil(socket, '\r\n')).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it.each(['..', '.', 'a/b', 'a%b', 'A', 'x'.repeat(254)])('no object is called %j', async (name) => {
    expect((await call('POST', maps, { metadata: { name } })).status).toBe(422);
  });
});

describe('connections', () => {
  it('that failed to be upgraded are at their end, and say so', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n';
    const socket = rawConnection(`GET ${maps}/none HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    const all = await readUntil(socket, 'never said');
    expect(all).toMatch(/^HTTP\/1.1 404 /);
    expect(all).toMatch(/^Connection: close\r$/m);
  });

  it('may carry selectors of a hundred thousand characters', async () => {
    const names = Array.from({ length: 5000 }, (_, i) => `name-of-an-app-${i}`).join(',');
    const { status, body } = await call('GET', `${maps}?labelSelector=app+in+(${names})`);
    expect([status, body.items]).toEqual([200, []]);
  });

  it('that never finish their headers hold nobody up', async () => {
    const slow = Array.from({ length: 200 }, () => rawConnection('GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: '));
    expect((await call('GET', '/version')).status).toBe(200);
    for (const each of slow) each.destroy();
  });

  it('of watchers that do not read cost little, and end when they have missed too much; others see every event', async () => {
    const idle = Array.from({ length: 5 }, () =>
      rawConnection(`GET ${maps}?watch=1&resourceVersion=0 HTTP/1.1\r\nHost: x\r\n\r\n`).pause(),
    );
    const stop = new AbortController();
    const seen: string[] = [];
    const names = Array.from({ length: 400 }, (_, i) => `event-${i}`);
    const { metadata } = await server.client.list(configMap, { namespace: 'default' });
    const options = { namespace: 'default', resourceVersion: metadata.resourceVersion!, signal: stop.signal };
    const reading = (async () => {
      for await (const { object } of server.client.watch(configMap, options)) seen.push(object.metadata.name!);
    })().catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    for (const name of names) await call('POST', maps, { metadata: { name }, data: { a: 'x'.repeat(250_000) } });
    await eventually(async () => seen.length >= names.length);
    stop.abort();
    await reading;
    expect(seen).toEqual(names);
    // What the kernel holds is left to be read, and then the end is seen.
    for (const each of idle) expect((await readUntil(each, '\r\n0\r\n\r\n')).length).toBeLessThan(50_000_000);
  }, 300_000);
});
