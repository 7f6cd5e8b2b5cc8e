import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { alwaysAllow } from '../../chain/authorization/authorizer.ts';
import { EtcdStore } from '../../storage/etcd-store.ts';
import { startEtcd, type TestEtcd } from '../../testing/etcd.ts';
import { eventually } from '../../testing/expectations.ts';
import { type Answer, type Call, callsTo } from '../../testing/http.ts';
import { type HttpsServer, type Received, startHttpsServer } from '../../testing/https-server.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import { endpointResolver } from '../../webhooks/service-resolver.ts';
import { builtinAdmission } from '../builtin.ts';
import { webhookMetrics } from '../webhook/metrics.ts';
import { policyMetrics } from './metrics.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';
const annotations = new Map<string, string>();
let etcd: TestEtcd;
let store: EtcdStore;
let server: TestServer;
let hook: HttpsServer;
let call: Call;

const allow =
  (more: object = {}) =>
  ({ body }: Received) => ({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    response: { uid: body.request.uid, allowed: true, ...more },
  });
const patching = (...patch: object[]) =>
  allow({ patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') });

beforeAll(async () => {
  etcd = await startEtcd();
  store = new EtcdStore({ servers: [etcd.url] });
  hook = await startHttpsServer(allow());
  server = await startApiServer({
    store,
    links: [
      async (context, next) => {
        context.user = { name: 'alice', uid: '', groups: ['system:authenticated'], extra: {} };
        try {
          await next();
        } finally {
          for (const [key, value] of context.annotations) annotations.set(key, value);
        }
      },
    ],
    plugins: (registry, metrics) => {
      const kinds = () => registry.scheme;
      const log = { warn: () => undefined };
      return builtinAdmission({
        authorizer: alwaysAllow,
        webhooks: {
          objects: registry,
          kinds,
          resolve: endpointResolver(registry),
          metrics: webhookMetrics(metrics),
          log,
        },
        policies: { objects: registry, kinds, metrics: policyMetrics(metrics) },
        disable: ['ServiceAccount'],
      });
    },
  });
  call = callsTo(server.url);
});
afterAll(async () => {
  await server.close();
  await store.close();
  await hook.close();
  await etcd.close();
});

const written: string[] = [];
afterEach(async () => {
  for (const path of written.splice(0).reverse()) await call('DELETE', path);
  hook.respond = allow();
  (hook.received as Received[]).length = 0;
  annotations.clear();
});

async function write(path: string, object: { metadata: { name: string } }): Promise<Answer> {
  const answer = await call('POST', path, object);
  if (answer.status > 201) throw new Error(`${answer.status} ${answer.text}`);
  written.push(`${path}/${object.metadata.name}`);
  return answer;
}

const rule = (...resources: string[]) => ({ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources });

function webhook(kind: 'Mutating' | 'Validating', change: object = {}, name = 'hook') {
  return write(`${group}/${kind.toLowerCase()}webhookconfigurations`, {
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig: { url: `${hook.url}/${name}`, caBundle: hook.caBundle },
        rules: [rule('configmaps')],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...change,
      },
    ],
  } as never);
}

let count = 0;
const create = (data: object = {}, query = '') =>
  call('POST', `${maps}${query}`, { metadata: { name: `map-${count++}` }, data });
const message = async (answer: Promise<Answer>) => {
  const { status, body } = await answer;
  return `${status} ${body.message ?? ''}`.trim();
};

describe('webhooks', () => {
  it('refuse, by their own status', async () => {
    hook.respond = allow({ allowed: false, status: { code: 409, reason: 'Conflict', message: 'not now' } });
    await webhook('Validating');
    await eventually(async () => (await create()).status !== 201);
    expect((await create()).body).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'admission webhook "hook.example.com" denied the request: not now',
    });
  });

  it('are asked where their match conditions hold', async () => {
    hook.respond = allow({ allowed: false });
    const matchConditions = [{ name: 'big', expression: 'size(object.data) > 1' }];
    await webhook('Validating', { matchConditions });
    await eventually(async () => (await create({ a: '1', b: '2' })).status === 400);
    expect((await create({ a: '1' })).status).toBe(201);
    const failing = { matchConditions: [{ name: 'odd', expression: 'object.data.none == "x"' }] };
    await webhook('Validating', failing, 'odd');
    await eventually(async () => (await create({ a: '1' })).status === 403);
    expect(await message(create({ a: '1' }))).toContain('no such key: none');
  });

  it('that cannot be asked in time fail the request, unless failurePolicy is Ignore', async () => {
    hook.respond = ({ path, ...rest }) => (path.startsWith('/slow') ? undefined : allow()({ path, ...rest }));
    await webhook('Validating', { timeoutSeconds: 1 }, 'slow');
    await eventually(async () => (await create()).status === 500);
    expect(await message(create())).toBe(
      `500 Internal error occurred: failed calling webhook "slow.example.com": failed to call webhook: Post "${hook.url}/slow?timeout=1s": context deadline exceeded`,
    );
    await call('DELETE', written.pop()!);
    await webhook('Validating', { timeoutSeconds: 1, failurePolicy: 'Ignore' }, 'slow');
    await eventually(async () => (await create()).status === 201 && annotations.size > 0);
    expect(annotations.get('failed-open.validating.webhook.admission.k8s.io/round_0_index_0')).toBe('slow.example.com');
  });

  it('change objects, and are asked again where a later one does', async () => {
    hook.respond = (received) => {
      const { data = {} } = received.body.request.object;
      if (received.path.startsWith('/first')) {
        const seen = data.second ? 'after' : 'before';
        return patching({ op: 'add', path: '/data/first', value: seen })(received);
      }
      return patching({ op: 'add', path: '/data/second', value: 'yes' })(received);
    };
    await webhook('Mutating', { reinvocationPolicy: 'IfNeeded' }, 'first');
    await webhook('Mutating', {}, 'second');
    await eventually(async () => (await create({ a: '1' })).body.data?.second === 'yes');
    expect((await create({ a: '1' })).body.data).toEqual({ a: '1', first: 'after', second: 'yes' });
  });

  it('with side effects see no dry run', async () => {
    // v1 knows no class that is not fit for dry runs: what is not declared so is refused when it is written.
    const answer = await call('POST', `${group}/validatingwebhookconfigurations`, {
      metadata: { name: 'effects' },
      webhooks: [
        {
          name: 'effects.example.com',
          clientConfig: { url: hook.url },
          rules: [rule('configmaps')],
          sideEffects: 'Some',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    expect([answer.status, answer.body.message]).toEqual([
      422,
      'ValidatingWebhookConfiguration.admissionregistration.k8s.io "effects" is invalid: webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    ]);
    await webhook('Validating');
    await eventually(async () => {
      await create({}, '?dryRun=All');
      return hook.received.at(-1)?.body.request.dryRun === true;
    });
  });

  it('are asked about CONNECT', async () => {
    await call('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: 'p' },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
    });
    hook.respond = allow({ allowed: false, status: { message: 'no shells' } });
    await webhook('Validating', { rules: [{ ...rule('pods/exec'), operations: ['CONNECT'] }] });
    const exec = () => call('POST', '/api/v1/namespaces/default/pods/p/exec?command=sh&stdout=true');
    await eventually(async () => (await message(exec())).includes('no shells'));
    expect(hook.received.at(-1)?.body.request).toMatchObject({
      operation: 'CONNECT',
      subResource: 'exec',
      object: { kind: 'PodExecOptions', apiVersion: 'v1', command: ['sh'] },
    });
  });
});

describe('policies', () => {
  const policy = (spec: object, name = 'policy', kind = 'validating') =>
    write(`${group}/${kind}admissionpolicies`, {
      metadata: { name },
      spec: { matchConstraints: { resourceRules: [{ ...rule('configmaps'), operations: ['CREATE'] }] }, ...spec },
    } as never);
  const bind = (spec: object, name = 'policy', kind = 'validating') =>
    write(`${group}/${kind}admissionpolicybindings`, {
      metadata: { name },
      spec: { policyName: name, ...spec },
    } as never);

  it('validate by their parameters', async () => {
    await write('/api/v1/namespaces/default/secrets', {
      metadata: { name: 'limits' },
      data: { most: 'Mg==' },
    } as never);
    await policy({
      paramKind: { apiVersion: 'v1', kind: 'Secret' },
      variables: [{ name: 'most', expression: "params.data.most == 'Mg==' ? 2 : 0" }],
      validations: [
        {
          expression: 'size(object.data) <= variables.most',
          messageExpression: "'at most ' + string(variables.most)",
          reason: 'Forbidden',
        },
      ],
      auditAnnotations: [{ key: 'size', valueExpression: 'string(size(object.data))' }],
    });
    await bind({
      paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' },
      validationActions: ['Deny', 'Audit'],
    });
    const big = { a: '1', b: '2', c: '3' };
    await eventually(async () => (await create(big)).status === 403);
    expect(await message(create(big))).toMatch(
      /^403 configmaps "map-\d+" is forbidden: ValidatingAdmissionPolicy 'policy' with binding 'policy' denied request: at most 2$/,
    );
    expect(annotations.get('policy/size')).toBe('3');
    expect(JSON.parse(annotations.get('validation.policy.admission.k8s.io/validation_failure')!)).toEqual([
      {
        message: 'at most 2',
        policy: 'policy',
        binding: 'policy',
        expressionIndex: 0,
        validationActions: ['Deny', 'Audit'],
      },
    ]);
    expect((await create({ a: '1' })).status).toBe(201);
    await call('DELETE', '/api/v1/namespaces/default/secrets/limits');
    await eventually(async () => (await create({ a: '1' })).status === 422);
    expect(await message(create({ a: '1' }))).toContain(
      'denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    );
  });

  it('warn, and have their types checked', async () => {
    await policy({ validations: [{ expression: 'object.data.size() == 0 && object.dota == null' }] });
    await bind({ validationActions: ['Warn'] });
    await eventually(async () => {
      const { body } = await call('GET', `${group}/validatingadmissionpolicies/policy`);
      return body.status?.typeChecking !== undefined;
    });
    // A policy that names its resources with wildcards is about no kind in particular.
    const { body } = await call('GET', `${group}/validatingadmissionpolicies/policy`);
    expect(body.status).toEqual({ observedGeneration: 1, typeChecking: {} });
    await eventually(async () => (await create()).headers.get('warning') !== null);
    const typed = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
    await policy(
      { matchConstraints: { resourceRules: [typed] }, validations: [{ expression: 'object.dota == "x"' }] },
      'typed',
    );
    await eventually(async () => {
      const { body: seen } = await call('GET', `${group}/validatingadmissionpolicies/typed`);
      return seen.status?.typeChecking?.expressionWarnings?.[0]?.warning.includes("undefined field 'dota'");
    });
  });

  it('mutate', async () => {
    const mutations = [
      { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{data: {"set": "yes"}}' } },
      {
        patchType: 'JSONPatch',
        jsonPatch: { expression: '[JSONPatch{op: "add", path: "/data/more", value: object.data.set}]' },
      },
    ];
    await policy({ mutations, reinvocationPolicy: 'Never', failurePolicy: 'Fail' }, 'mutates', 'mutating');
    await bind({}, 'mutates', 'mutating');
    await eventually(async () => (await create({ a: '1' })).body.data?.more === 'yes');
    expect((await create({ a: '1' })).body.data).toEqual({ a: '1', set: 'yes', more: 'yes' });
  });
});
