import { pod as podKind } from '@coracle/api/core/v1/pod';
import { getPath } from '@coracle/api/meta/object';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { alwaysAllow } from '../../chain/authorization/authorizer.ts';
import { define, definitionOf, versionOf } from '../../testing/definitions.ts';
import { type Call, callsTo } from '../../testing/http.ts';
import { type HttpsServer, type Received, startHttpsServer } from '../../testing/https-server.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import { endpointResolver, type ServiceResolver } from '../../webhooks/service-resolver.ts';
import { builtinAdmission } from '../builtin.ts';
import type { Attributes } from '../plugin.ts';
import { formsOf } from './forms.ts';
import { webhookMetrics } from './metrics.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const metrics = new MetricsRegistry();
const annotations = new Map<string, string>();
let api: TestServer;
let call: Call;
let hook: HttpsServer;

/** An answer to a review that allows the request, with what else it says. */
const allow =
  (more: object = {}) =>
  ({ body }: Received) => ({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    response: { uid: body.request.uid, allowed: true, ...more },
  });
const deny = (status?: object) => allow({ allowed: false, status });
const patching = (...patch: object[]) =>
  allow({ patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') });

beforeAll(async () => {
  hook = await startHttpsServer(allow(), ['hook.default.svc']);
  api = await startApiServer({
    plugins: (registry) => {
      const log = { warn: () => undefined };
      const inCluster = endpointResolver(registry);
      // An endpoint may not be on loopback, where this test's is.
      const resolve: ServiceResolver = (...wanted) => ({ ...inCluster(...wanted), host: '127.0.0.1' });
      const kinds = () => registry.scheme;
      const webhooks = { objects: registry, kinds, resolve, metrics: webhookMetrics(metrics), log };
      return builtinAdmission({ authorizer: alwaysAllow, webhooks, disable: ['ServiceAccount'] });
    },
    links: [
      async (context, next) => {
        context.user = { name: 'alice', uid: 'a1', groups: ['devs'], extra: { team: ['x'] } };
        await next();
        for (const [key, value] of context.annotations) annotations.set(key, value);
      },
    ],
  });
  call = callsTo(api.url);
});
afterAll(async () => {
  await api.close();
  await hook.close();
});

const configs: string[] = [];
afterEach(async () => {
  hook.respond = allow();
  for (const path of configs.splice(0)) await call('DELETE', path);
  (hook.received as Received[]).length = 0;
  annotations.clear();
});

const anyRule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['configmaps'] };

/** Registers one webhook under its own configuration and waits until it is in force. */
async function register(kind: 'Mutating' | 'Validating', change: object = {}, name = 'test') {
  const path = `${group}/${kind.toLowerCase()}webhookconfigurations`;
  const made = await call('POST', path, {
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig: { url: `${hook.url}/${name}`, caBundle: hook.caBundle },
        rules: [anyRule],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...change,
      },
    ],
  });
  expect(made.body).toMatchObject({ metadata: { name, generation: 1 } });
  configs.push(`${path}/${name}`);
  await api.registry.fresh();
}

let count = 0;
const configMap = (more: object = {}) => ({ metadata: { name: `map-${count++}`, namespace: 'default' }, ...more });
const create = (object: object = configMap(), query = '') =>
  call('POST', `/api/v1/namespaces/default/configmaps${query}`, object);

describe('a validating webhook', () => {
  it('is asked with a whole AdmissionReview, about creates, updates and deletes', async () => {
    await register('Validating');
    const object = configMap({ data: { a: '1' } });
    const { name } = object.metadata;
    await create(object, '?fieldManager=me');
    await call('PUT', `/api/v1/namespaces/default/configmaps/${name}`, { ...object, data: { a: '2' } });
    await call('DELETE', `/api/v1/namespaces/default/configmaps/${name}`, undefined);
    const [created, updated, deleted] = hook.received.map(({ body }) => body.request);
    expect(hook.received[0]).toMatchObject({ path: '/test?timeout=10s', headers: { accept: 'application/json, */*' } });
    const about = { group: '', version: 'v1' };
    expect(created).toEqual({
      uid: expect.any(String),
      kind: { ...about, kind: 'ConfigMap' },
      resource: { ...about, resource: 'configmaps' },
      requestKind: { ...about, kind: 'ConfigMap' },
      requestResource: { ...about, resource: 'configmaps' },
      name,
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'alice', uid: 'a1', groups: ['devs'], extra: { team: ['x'] } },
      object: expect.objectContaining({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } }),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
    });
    expect(updated).toMatchObject({
      operation: 'UPDATE',
      object: { data: { a: '2' } },
      oldObject: { data: { a: '1' } },
    });
    expect(deleted).toMatchObject({
      operation: 'DELETE',
      object: null,
      oldObject: { data: { a: '2' } },
      options: { kind: 'DeleteOptions' },
    });
    expect(new Set(hook.received.map(({ connection }) => connection)).size).toBe(1);
  });

  it.each<[string, object | undefined, number, object]>([
    [
      'no reason',
      undefined,
      400,
      { message: 'admission webhook "test.example.com" denied the request without explanation' },
    ],
    [
      'its words',
      { message: 'no', code: 403, reason: 'Forbidden', details: { causes: [{ message: 'x' }] } },
      403,
      {
        message: 'admission webhook "test.example.com" denied the request: no',
        reason: 'Forbidden',
        details: { causes: [{ message: 'x' }] },
      },
    ],
    [
      'a reason and a code that is no error',
      { reason: 'Odd', code: 200, status: 'Success' },
      400,
      { message: 'admission webhook "test.example.com" denied the request: Odd', reason: 'Odd', status: 'Failure' },
    ],
  ])('refuses a request with %s', async (_name, status, code, expected) => {
    hook.respond = deny(status);
    await register('Validating');
    const answer = await create();
    expect(answer.status).toBe(code);
    expect(answer.body).toMatchObject({ kind: 'Status', ...expected, code });
  });

  it('hands warnings and audit annotations on', async () => {
    hook.respond = allow({ warnings: ['careful'], auditAnnotations: { level: 'high' } });
    await register('Validating');
    const answer = await create();
    expect(answer.status).toBe(201);
    expect(answer.headers.get('warning')).toBe('299 - "careful"');
    expect(annotations.get('test.example.com/level')).toBe('high');
  });

  it.each<
    [
      string,
      (
        it: Received,
      ) => ReturnType<ReturnType<typeof allow>> | { raw: string; code?: number; headers?: Record<string, string> },
      string,
    ]
  >([
    [
      'another uid',
      (it) => ({ ...allow({ uid: 'other' })(it) }),
      'received invalid webhook response: expected response.uid=',
    ],
    [
      'another kind',
      (it) => ({ ...allow()(it), kind: 'Review' }),
      'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1, Kind=Review',
    ],
    ['a patch', patching(), 'received invalid webhook response: validating webhook may not return response.patch'],
    ['nothing', () => ({ raw: '' }), 'failed to call webhook: 0-length response with status code: 200'],
    ['no JSON', () => ({ raw: 'hello' }), "failed to call webhook: couldn't get version/kind; json parse error: "],
    [
      'an error page',
      () => ({ raw: 'oops', code: 500 }),
      'failed to call webhook: an error on the server ("oops") has prevented the request from succeeding',
    ],
    [
      'a redirect',
      () => ({ raw: '', code: 302, headers: { location: '/elsewhere' } }),
      'failed to call webhook: the server responded with the status code 302 but did not return more information',
    ],
  ])('that answers with %s fails the call, which failurePolicy Ignore forgives', async (_name, respond, message) => {
    hook.respond = respond;
    await register('Validating');
    const refused = await create();
    expect(refused.status).toBe(500);
    expect(refused.body.message).toContain(
      `Internal error occurred: failed calling webhook "test.example.com": ${message}`,
    );
    expect(hook.received.length).toBe(1);
    await call('DELETE', configs.pop()!);
    await register('Validating', { failurePolicy: 'Ignore' });
    expect((await create()).status).toBe(201);
    expect(annotations.get('failed-open.validating.webhook.admission.k8s.io/round_0_index_0')).toBe('test.example.com');
  });

  it('that does not answer fails when its time is over', async () => {
    hook.respond = () => undefined;
    await register('Validating', { timeoutSeconds: 1 });
    expect((await create()).body.message).toBe(
      `Internal error occurred: failed calling webhook "test.example.com": failed to call webhook: Post "${hook.url}/test?timeout=1s": context deadline exceeded`,
    );
  });

  it('has no more time than the request', async () => {
    hook.respond = () => undefined;
    await register('Validating', { timeoutSeconds: 30 });
    expect((await create(configMap(), '?timeout=500ms')).body.message).toContain('context deadline exceeded');
    expect(hook.received[0]!.path).toBe('/test?timeout=1s');
  });

  it('must have a certificate of the authority in caBundle', async () => {
    const other = await startHttpsServer(allow());
    await register('Validating', { clientConfig: { url: `${other.url}/`, caBundle: hook.caBundle } });
    expect((await create()).body.message).toContain(
      `Post "${other.url}/?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    );
    expect(other.received.length).toBe(0);
    await other.close();
  });

  it('can be a Service, by its name and one of its endpoints', async () => {
    await register('Validating', {
      clientConfig: { service: { namespace: 'default', name: 'hook', path: '/in' }, caBundle: hook.caBundle },
    });
    const refused = await create();
    expect(refused.body.message).toContain(
      'Post "https://hook.default.svc:443/in?timeout=10s": service "hook" not found',
    );
    await call('POST', '/api/v1/namespaces/default/services', {
      metadata: { name: 'hook' },
      spec: { ports: [{ port: 443, targetPort: 8443 }] },
    });
    expect((await create()).body.message).toContain('no endpoints available for service "hook"');
    await call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      metadata: { name: 'hook', labels: { 'kubernetes.io/service-name': 'hook' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'] }],
      ports: [{ port: hook.port }],
    });
    expect((await create()).status).toBe(201);
    expect(hook.received[0]).toMatchObject({ path: '/in?timeout=10s', headers: { host: 'hook.default.svc:443' } });
  });

  it('with side effects does not see dry runs', async () => {
    await register('Validating', { sideEffects: 'NoneOnDryRun' });
    expect((await create(configMap(), '?dryRun=All')).status).toBe(201);
    expect(hook.received[0]!.body.request.dryRun).toBe(true);
  });

  it('is not asked about webhook configurations', async () => {
    hook.respond = deny();
    await register('Validating', { rules: [{ ...anyRule, resources: ['*/*'] }] });
    expect((await create()).status).toBe(400);
    await register('Mutating', { namespaceSelector: { matchLabels: { none: 'such' } } }, 'second');
  });

  it('is asked about subresources that its rules name', async () => {
    await register('Validating', { rules: [{ ...anyRule, resources: ['deployments/scale'] }] });
    const labels = { app: 'web' };
    await call('POST', '/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    });
    expect(hook.received.length).toBe(0);
    const path = '/apis/apps/v1/namespaces/default/deployments/web/scale';
    const scaled = await call(
      'PATCH',
      path,
      { spec: { replicas: 3 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(scaled.status).toBe(200);
    expect(hook.received[0]!.body.request).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      subResource: 'scale',
      requestSubResource: 'scale',
      object: { kind: 'Scale', spec: { replicas: 3 } },
      oldObject: { spec: { replicas: 1 } },
    });
  });

  it('sees other versions of what its rules name, where matchPolicy is Equivalent', async () => {
    const rules = [{ ...anyRule, apiGroups: [''], resources: ['events'] }];
    const event = {
      metadata: { name: `e-${count++}`, namespace: 'default' },
      eventTime: '2026-01-02T03:04:05.000000Z',
      reportingController: 'c',
      reportingInstance: 'i',
      action: 'a',
      reason: 'r',
      type: 'Normal',
      note: 'hello',
      regarding: { namespace: 'default' },
    };
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    await register('Validating', { rules, matchPolicy: 'Exact' });
    expect((await call('POST', path, event)).status).toBe(201);
    expect(hook.received.length).toBe(0);
    await register('Validating', { rules }, 'second');
    event.metadata.name = `e-${count++}`;
    expect((await call('POST', path, event)).status).toBe(201);
    expect(hook.received[0]!.body.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'Event' },
      requestKind: { group: 'events.k8s.io', version: 'v1', kind: 'Event' },
      object: { apiVersion: 'v1', message: 'hello' },
    });
  });

  it('is asked about what its selectors select only', async () => {
    await register('Validating', {
      objectSelector: { matchLabels: { watched: 'yes' } },
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
      },
    });
    const labels = { watched: 'yes' };
    await create();
    await call('POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'x', labels } });
    expect(hook.received.length).toBe(0);
    await create({ metadata: { name: `map-${count++}`, labels } });
    expect(hook.received.length).toBe(1);
  });
});

describe('match conditions', () => {
  const conditions = (...expressions: string[]) => ({
    matchConditions: expressions.map((expression, i) => ({ name: `c${i}`, expression })),
  });

  it('leave requests out that they are false of', async () => {
    await register(
      'Validating',
      conditions(
        "request.userInfo.username == 'alice' && request.namespace == 'default'",
        "object.metadata.name != 'quiet' && oldObject == null",
        '!request.dryRun',
        "authorizer.group('').resource('pods').check('get').allowed()",
      ),
    );
    await create({ metadata: { name: 'quiet' } });
    await create(configMap(), '?dryRun=All');
    expect(hook.received.length).toBe(0);
    await create();
    expect(hook.received.length).toBe(1);
    expect(await metrics.metrics()).toContain(
      'apiserver_admission_match_condition_exclusions_total{name="test.example.com",type="validating",operation="CREATE",kind="webhook"} 2',
    );
  });

  it('that fail refuse the request, or do not count, as failurePolicy says; a false one settles it', async () => {
    const failing = 'object.data.none == "x"';
    await register('Validating', conditions(failing));
    expect((await create(configMap({ data: { a: '1' } }))).body).toMatchObject({
      code: 403,
      message: expect.stringContaining(`is forbidden: expression '${failing}' resulted in error: no such key: none`),
    });
    await call('DELETE', configs.pop()!);
    await register('Validating', { ...conditions(failing), failurePolicy: 'Ignore' }, 'ignoring');
    await register('Validating', conditions(failing, 'false'), 'settled');
    expect((await create()).status).toBe(201);
    expect(hook.received.length).toBe(0);
  });

  it('are compiled when they are written', async () => {
    const refused = await call('POST', `${group}/validatingwebhookconfigurations`, {
      metadata: { name: 'bad' },
      webhooks: [
        {
          name: 'bad.example.com',
          clientConfig: { url: hook.url },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          matchConditions: [
            { name: 'a', expression: 'objekt.x' },
            { name: 'a', expression: '1' },
            { name: 'b', expression: ' ' },
          ],
        },
      ],
    });
    const at = 'webhooks[0].matchConditions';
    expect(refused.status).toBe(422);
    expect(
      refused.body.details.causes.map(({ field, message }: Record<string, string>) => `${field}: ${message}`),
    ).toEqual([
      `${at}[1].name: Duplicate value: "a"`,
      `${at}[0].expression: Invalid value: "objekt.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'objekt' (in container '')\n | objekt.x\n | ^`,
      `${at}[1].expression: Invalid value: "1": must evaluate to bool`,
      `${at}[2].expression: Required value`,
    ]);
  });
});

describe('webhooks of custom resources', () => {
  const path = (version: string) => `/apis/example.com/${version}/namespaces/default/gadgets`;
  beforeAll(async () => {
    const spec = {
      type: 'object',
      properties: { size: { type: 'integer' }, color: { type: 'string', default: 'red' } },
    };
    const versions = [versionOf({ spec }), versionOf({ spec }, { name: 'v2', storage: false })];
    await define(call, definitionOf('Gadget', versions));
  });

  it('have their patches pruned and defaulted', async () => {
    hook.respond = patching(
      { op: 'add', path: '/spec/size', value: 7 },
      { op: 'add', path: '/spec/nonsense', value: 1 },
      { op: 'remove', path: '/spec/color' },
    );
    await register('Mutating', { rules: [{ ...anyRule, resources: ['gadgets'] }] });
    const made = await call('POST', path('v1'), {
      metadata: { name: 'a' },
      spec: {},
      kind: 'Gadget',
      apiVersion: 'example.com/v1',
    });
    expect(made.body).toMatchObject({ apiVersion: 'example.com/v1', spec: { size: 7, color: 'red' } });
    expect(made.body.spec.nonsense).toBeUndefined();
  });

  it('see them in the version their rules name', async () => {
    hook.respond = patching({ op: 'add', path: '/spec/size', value: 3 });
    await register('Mutating', { rules: [{ ...anyRule, apiVersions: ['v1'], resources: ['gadgets'] }] });
    const made = await call('POST', path('v2'), {
      metadata: { name: 'b' },
      spec: {},
      kind: 'Gadget',
      apiVersion: 'example.com/v2',
    });
    expect(hook.received[0]!.body.request).toMatchObject({
      kind: { group: 'example.com', version: 'v1', kind: 'Gadget' },
      requestKind: { version: 'v2' },
      object: { apiVersion: 'example.com/v1' },
    });
    expect(made.body).toMatchObject({ apiVersion: 'example.com/v2', spec: { size: 3 } });
  });
});

it('a CONNECT is shown by its options', async () => {
  const attributes = {
    kind: podKind,
    objectKind: { apiVersion: 'v1', kind: 'PodExecOptions' },
    operation: 'CONNECT',
    subresource: 'exec',
    options: { command: ['sh'], stdin: true },
  } as unknown as Attributes;
  const { requestKind, object, oldObject, resource } = await formsOf(attributes, podKind);
  expect(requestKind).toEqual({ group: '', version: 'v1', kind: 'PodExecOptions' });
  expect(resource).toEqual({ group: '', version: 'v1', resource: 'pods' });
  expect(object).toEqual({ kind: 'PodExecOptions', apiVersion: 'v1', command: ['sh'], stdin: true });
  expect(oldObject).toBeUndefined();
});

describe('mutating webhooks', () => {
  it('change the object one after the other, and again where a later change calls for it', async () => {
    hook.respond = (it) => {
      const seen = Object.keys(it.body.request.object.data ?? {}).length;
      const name = it.path.slice(1, 2);
      return patching({ op: 'add', path: `/data/${name}${seen}`, value: 'x' })(it);
    };
    await register('Mutating', { reinvocationPolicy: 'IfNeeded' }, 'a');
    await register('Mutating', {}, 'b');
    const made = await create(configMap({ data: { first: '1' } }));
    expect(made.body.data).toEqual({ first: '1', a1: 'x', b2: 'x', a3: 'x' });
    expect(hook.received.map(({ path }) => path[1])).toEqual(['a', 'b', 'a']);
    expect(JSON.parse(annotations.get('mutation.webhook.admission.k8s.io/round_1_index_0')!)).toEqual({
      configuration: 'a',
      webhook: 'a.example.com',
      mutated: true,
    });
  });

  it('have their answers decoded, defaulted and validated', async () => {
    hook.respond = patching({
      op: 'add',
      path: '/spec/containers/-',
      value: { name: 'side', image: 'busybox', nonsense: 1 },
    });
    await register('Mutating', { rules: [{ ...anyRule, resources: ['pods'] }] });
    const pod = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    const made = await call('POST', '/api/v1/namespaces/default/pods', pod('patched'));
    expect(made.body.spec.containers[1]).toMatchObject({ name: 'side', imagePullPolicy: 'Always' });
    expect(made.body.spec.containers[1].nonsense).toBeUndefined();
    hook.respond = patching({ op: 'replace', path: '/spec/containers/0/name', value: 'Not Valid' });
    expect((await call('POST', '/api/v1/namespaces/default/pods', pod('broken'))).body).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'spec.containers[0].name' }] },
    });
  });

  it('may set how many replicas a Scale asks for', async () => {
    hook.respond = patching({ op: 'replace', path: '/spec/replicas', value: 2 });
    await register('Mutating', { rules: [{ ...anyRule, resources: ['deployments/scale'] }] });
    const path = '/apis/apps/v1/namespaces/default/deployments/web/scale';
    const scaled = await call(
      'PATCH',
      path,
      { spec: { replicas: 9 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(scaled.body.spec).toEqual({ replicas: 2 });
  });

  it.each<[string, object, string, unknown]>([
    [
      'resize',
      { containers: [{ name: 'app', resources: { requests: { cpu: '2' } } }] },
      '/spec/containers/0/resources/requests/cpu',
      '3',
    ],
    [
      'ephemeralcontainers',
      { ephemeralContainers: [{ name: 'debug', image: 'tools' }] },
      '/spec/ephemeralContainers/0/image',
      'other',
    ],
  ])('may change what a request for pods/%s asks for, and see what comes of it', async (part, spec, path, value) => {
    const pods = '/api/v1/namespaces/default/pods';
    const name = `guest-of-${part}`;
    await call('POST', '/api/v1/nodes', {
      metadata: { name: 'n', labels: { 'kubernetes.io/os': 'linux' } },
      status: { allocatable: { cpu: '4' } },
    });
    await call('POST', pods, {
      metadata: { name },
      spec: { nodeName: 'n', containers: [{ name: 'app', image: 'i', resources: { requests: { cpu: '1' } } }] },
    });
    const change = patching(
      { op: 'replace', path, value },
      { op: 'add', path: '/metadata/labels', value: { kept: 'out' } },
    );
    hook.respond = (received) => (received.path.startsWith('/first') ? change(received) : allow()(received));
    const rules = [{ ...anyRule, resources: [`pods/${part}`] }];
    await register('Mutating', { rules }, 'first');
    await register('Validating', { rules }, 'second');
    const answer = await call(
      'PATCH',
      `${pods}/${name}/${part}`,
      { spec },
      {
        'content-type': 'application/strategic-merge-patch+json',
      },
    );
    expect(answer.status).toBe(200);
    const at = (object: unknown) => getPath(object, path.slice(1).replaceAll('/', '.'));
    expect(at(answer.body)).toBe(value);
    expect(answer.body.metadata.labels).toBeUndefined();
    const [asked, shown] = hook.received.map(({ body }) => body.request);
    expect(asked).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      subResource: part,
      requestSubResource: part,
      operation: 'UPDATE',
      name,
      oldObject: { kind: 'Pod', spec: { containers: [{ resources: { requests: { cpu: '1' } } }] } },
      options: { kind: 'PatchOptions' },
    });
    expect(at(shown.object)).toBe(value);
    expect(shown.object.metadata.labels).toBeUndefined();
  });

  it.each<[string, ReturnType<typeof allow>, string]>([
    ['does not fit', patching({ op: 'remove', path: '/data/none' }), 'doc is missing path'],
    ['has no type', allow({ patch: 'W10=' }), 'webhook returned response.patch but not response.patchType'],
    ['is of a type nobody knows', allow({ patch: 'W10=', patchType: 'Merge' }), 'unsupported patch type "Merge"'],
    [
      'copies without end',
      patching(
        { op: 'add', path: '/data', value: { a: 'x'.repeat(1 << 20) } },
        ...Array.from({ length: 9 }, (_, i) => ({ op: 'copy', from: '/data/a', path: `/data/b${i}` })),
      ),
      'Unable to copy, the accumulated size increase of copy is',
    ],
  ])('fail with a patch that %s', async (_name, respond, message) => {
    hook.respond = respond;
    await register('Mutating');
    const answer = await create();
    expect(answer.status).toBe(500);
    expect(answer.body.message).toContain(message);
  });

  it('that sends no patch as its patch fails the call, which failurePolicy Ignore forgives', async () => {
    const patch = (text: string) => allow({ patchType: 'JSONPatch', patch: Buffer.from(text).toString('base64') });
    hook.respond = patch('{"op":"add"}');
    await register('Mutating');
    expect((await create()).body).toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "test.example.com": received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    });
    await call('DELETE', configs.pop()!);
    await register('Mutating', { failurePolicy: 'Ignore' });
    expect((await create()).status).toBe(201);
    expect(annotations.get('failed-open.mutation.webhook.admission.k8s.io/round_0_index_0')).toBe('test.example.com');
    // One that does not fit the object is no failure of the call.
    hook.respond = patching({ op: 'remove', path: '/data/none' });
    expect((await create()).body).toMatchObject({ code: 500, reason: 'InternalError' });
  });

  it('cannot change what is being deleted', async () => {
    const { name } = (await create()).body.metadata;
    hook.respond = patching({ op: 'add', path: '/x', value: 1 });
    await register('Mutating');
    const answer = await call('DELETE', `/api/v1/namespaces/default/configmaps/${name}`);
    expect(answer.body.message).toBe(
      'Internal error occurred: admission webhook "test.example.com" attempted to modify the object, which is not supported for this operation',
    );
  });
});

it('counts calls and refusals under the names upstream has for them', async () => {
  hook.respond = deny({ code: 700 });
  await register('Validating', {}, 'counted');
  await create();
  const text = await metrics.metrics();
  expect(text).toContain(
    'apiserver_admission_webhook_rejection_count{name="counted.example.com",type="validating",operation="CREATE",error_type="no_error",rejection_code="600"} 1',
  );
  expect(text).toContain(
    'apiserver_admission_webhook_request_total{name="counted.example.com",type="validating",operation="CREATE",code="600",rejected="true"} 1',
  );
  expect(text).toContain('apiserver_admission_webhook_fail_open_count{name="test.example.com",type="validating"}');
});
