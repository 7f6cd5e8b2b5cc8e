import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';
const annotations = new Map<string, string>();
let api: TestServer;
let call: Call;
const made: string[] = [];
let count = 0;

beforeAll(async () => {
  api = await startApiServer({
    plugins: 'default',
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
afterAll(() => api.close());
afterEach(async () => {
  for (const path of made.splice(0).reverse()) await call('DELETE', path);
  annotations.clear();
});

const rules = [{ operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }];

/** Makes an object, and waits until it is in force. */
async function put(path: string, object: object): Promise<void> {
  const answer = await call('POST', path, object);
  expect(answer.body).toMatchObject({ metadata: { name: expect.any(String) } });
  made.push(`${path}/${answer.body.metadata.name}`);
  await api.registry.fresh();
}

/** A policy for config maps, in force with one binding. */
async function enforce(spec: object, binding: object = {}, name = 'policy'): Promise<void> {
  await put(`${group}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: rules }, ...spec },
  });
  await put(`${group}/validatingadmissionpolicybindings`, {
    metadata: { name: 'binding' },
    spec: { policyName: name, validationActions: ['Deny'], ...binding },
  });
}
const create = (more: object = {}) => call('POST', maps, { metadata: { name: `map-${count++}`, ...more } });
const by = "ValidatingAdmissionPolicy 'policy' with binding 'binding' denied request:";

describe('validations', () => {
  it.each<[string, object, string, string, number]>([
    ['the expression', { expression: 'false' }, `${by} failed expression: false`, 'Invalid', 422],
    ['a message', { expression: 'false', message: ' no ' }, `${by} no`, 'Invalid', 422],
    [
      'a messageExpression',
      { expression: 'false', messageExpression: "object.metadata.name.substring(0, 3) + '!'" },
      `${by} map!`,
      'Invalid',
      422,
    ],
    ['a reason', { expression: 'false', message: 'no', reason: 'Forbidden' }, `${by} no`, 'Forbidden', 403],
    [
      'an error',
      { expression: 'object.nope == 1' },
      `${by} expression 'object.nope == 1' resulted in error: no such key: nope`,
      'Invalid',
      422,
    ],
  ])('denies with %s', async (_, validation, message, reason, code) => {
    await enforce({ validations: [validation] });
    const { status, body } = await create();
    expect(status).toBe(code);
    expect(body).toMatchObject({ status: 'Failure', reason, code });
    expect(body.message).toBe(`configmaps "${body.details.name}" is forbidden: ${message}`);
    expect(body.details.causes).toEqual([{ message }]);
  });

  it.each<[string, string]>([
    ['the object', "object.kind == 'ConfigMap' && object.apiVersion == 'v1' && oldObject == null && !has(object.data)"],
    [
      'the request',
      "request.operation == 'CREATE' && request.resource.resource == 'configmaps' && request.userInfo.username == 'alice' && request.userInfo.extra.team[0] == 'x' && !request.dryRun",
    ],
    ['the namespace', "namespaceObject.metadata.name == 'default' && namespaceObject.status.phase == 'Active'"],
    [
      'the authorizer',
      "authorizer.group('').resource('pods').namespace('default').check('get').allowed() && authorizer.requestResource.check('create').allowed()",
    ],
    ['variables', "variables.b == object.metadata.name + '!'"],
  ])('sees %s', async (_, expression) => {
    const variables = [
      { name: 'a', expression: 'object.metadata.name' },
      { name: 'b', expression: "variables.a + '!'" },
    ];
    await enforce({ variables, validations: [{ expression }] });
    expect((await create()).body).toMatchObject({ kind: 'ConfigMap' });
    expect((await call('DELETE', made.pop()!)).status).toBe(200);
    expect((await create()).status).toBe(201);
  });

  it('compares with what was there, and takes no part in deletion', async () => {
    await enforce({
      validations: [{ expression: 'oldObject == null || oldObject.data == object.data', message: 'fixed' }],
    });
    const { body } = await create();
    const path = `${maps}/${body.metadata.name}`;
    expect((await call('PUT', path, { ...body, data: { a: '1' } })).status).toBe(422);
    expect((await call('DELETE', path)).status).toBe(200);
  });
});

describe('bindings', () => {
  it('warns, and records for the audit', async () => {
    await enforce(
      { validations: [{ expression: 'true' }, { expression: 'false', message: 'no' }] },
      { validationActions: ['Warn', 'Audit'] },
    );
    const answer = await create();
    expect(answer.status).toBe(201);
    expect(answer.headers.get('warning')).toBe(
      `299 - "Validation failed for ValidatingAdmissionPolicy 'policy' with binding 'binding': no"`,
    );
    expect(JSON.parse(annotations.get('validation.policy.admission.k8s.io/validation_failure') ?? '')).toEqual([
      { message: 'no', policy: 'policy', binding: 'binding', expressionIndex: 1, validationActions: ['Warn', 'Audit'] },
    ]);
  });

  it('annotates', async () => {
    await enforce({
      auditAnnotations: [
        { key: 'who', valueExpression: 'request.userInfo.username' },
        { key: 'none', valueExpression: 'null' },
      ],
    });
    expect((await create()).status).toBe(201);
    expect([...annotations].filter(([key]) => key.startsWith('policy/'))).toEqual([['policy/who', 'alice']]);
  });

  it('gives parameters, one after the other', async () => {
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
    const validations = [{ expression: "params.data.allowed == 'yes'", message: 'not allowed' }];
    await put(maps, { metadata: { name: 'good', labels: { params: 'x' } }, data: { allowed: 'yes' } });
    await enforce(
      { paramKind, validations },
      { paramRef: { selector: { matchLabels: { params: 'x' } }, parameterNotFoundAction: 'Deny' } },
    );
    expect((await create()).status).toBe(201);
    await call('DELETE', made.pop()!);
    await put(maps, { metadata: { name: 'bad', labels: { params: 'x' } }, data: { allowed: 'no' } });
    await put(`${group}/validatingadmissionpolicybindings`, {
      metadata: { name: 'binding' },
      spec: {
        policyName: 'policy',
        validationActions: ['Deny'],
        paramRef: { selector: { matchLabels: { params: 'x' } }, parameterNotFoundAction: 'Deny' },
      },
    });
    expect((await create()).body.details.causes).toEqual([{ message: `${by} not allowed` }]);
  });

  it.each<[string, object, object, string | undefined]>([
    [
      'missing parameters',
      {},
      { parameterNotFoundAction: 'Deny' },
      `${by} failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    ],
    ['missing parameters that may be missing', {}, { parameterNotFoundAction: 'Allow' }, undefined],
    ['a failure that is ignored', { failurePolicy: 'Ignore' }, { parameterNotFoundAction: 'Deny' }, undefined],
    [
      'a kind that is not there',
      { paramKind: { apiVersion: 'example.com/v1', kind: 'Rule' } },
      { parameterNotFoundAction: 'Deny' },
      "ValidatingAdmissionPolicy 'policy' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Rule'",
    ],
  ])('with %s', async (_, spec, ref, message) => {
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
    await enforce(
      { paramKind, validations: [{ expression: 'true' }], ...spec },
      { paramRef: { name: 'none', ...ref } },
    );
    const { body } = await create();
    expect(body.details?.causes?.[0]?.message).toBe(message);
  });
});

describe('what a policy is about', () => {
  const validations = [{ expression: 'false' }];
  it.each<[string, object, object, object, boolean]>([
    [
      'a condition that holds',
      { matchConditions: [{ name: 'a', expression: "request.userInfo.username == 'alice'" }] },
      {},
      {},
      true,
    ],
    [
      'a condition that does not',
      { matchConditions: [{ name: 'a', expression: "request.userInfo.username == 'bob'" }] },
      {},
      {},
      false,
    ],
    [
      'a condition that fails beside one that does not hold',
      {
        matchConditions: [
          { name: 'a', expression: '1 / 0 == 1' },
          { name: 'b', expression: 'false' },
        ],
      },
      {},
      {},
      false,
    ],
    [
      'a selector of objects',
      { matchConstraints: { resourceRules: rules, objectSelector: { matchLabels: { a: 'b' } } } },
      {},
      { labels: { a: 'b' } },
      true,
    ],
    [
      'a selector of other objects',
      { matchConstraints: { resourceRules: rules, objectSelector: { matchLabels: { a: 'b' } } } },
      {},
      {},
      false,
    ],
    ['an exception', { matchConstraints: { resourceRules: rules, excludeResourceRules: rules } }, {}, {}, false],
    [
      'a selector of the binding',
      {},
      { matchResources: { namespaceSelector: { matchLabels: { no: 'such' } } } },
      {},
      false,
    ],
    [
      'a name',
      { matchConstraints: { resourceRules: [{ ...rules[0], resourceNames: ['special'] }] } },
      {},
      { name: 'special' },
      true,
    ],
    [
      'another name',
      { matchConstraints: { resourceRules: [{ ...rules[0], resourceNames: ['special'] }] } },
      {},
      {},
      false,
    ],
  ])('%s', async (_, spec, binding, metadata, denied) => {
    await enforce({ validations, ...spec }, binding);
    expect((await create(metadata)).status).toBe(denied ? 422 : 201);
  });
});

describe('policies', () => {
  it('are refused when their expressions are wrong', async () => {
    const { status, body } = await call('POST', `${group}/validatingadmissionpolicies`, {
      metadata: { name: 'policy' },
      spec: {
        matchConstraints: { resourceRules: rules },
        matchConditions: [{ name: 'a', expression: '1' }],
        validations: [{ expression: 'object.x &&', messageExpression: '1' }, { expression: 'params.x == 1' }],
      },
    });
    expect(status).toBe(422);
    expect(body.details.causes).toEqual([
      {
        reason: 'FieldValueInvalid',
        field: 'spec.matchConditions[0].expression',
        message: 'Invalid value: "1": must evaluate to bool',
      },
      {
        reason: 'FieldValueInvalid',
        field: 'spec.validations[0].expression',
        message: expect.stringContaining('compilation failed: ERROR: <input>:1:12: Syntax error: mismatched input'),
      },
      {
        reason: 'FieldValueInvalid',
        field: 'spec.validations[0].messageExpression',
        message: 'Invalid value: "1": must evaluate to string',
      },
      {
        reason: 'FieldValueInvalid',
        field: 'spec.validations[1].expression',
        message: expect.stringContaining("undeclared reference to 'params' (in container '')"),
      },
    ]);
  });

  it('have defaults and columns', async () => {
    await enforce({ validations: [{ expression: 'true' }], paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } });
    const { body } = await call('GET', `${group}/validatingadmissionpolicies/policy`);
    expect(body.spec).toMatchObject({
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        resourceRules: [{ scope: '*' }],
      },
    });
    expect(body.metadata.generation).toBe(1);
  });
});

describe('subresources', () => {
  const rulesOf = (apiGroup: string, resource: string, operation = 'UPDATE') => ({
    resourceRules: [{ operations: [operation], apiGroups: [apiGroup], apiVersions: ['v1'], resources: [resource] }],
  });
  const merge = { 'content-type': 'application/strategic-merge-patch+json' };
  const denied = (message: string) => ({ status: 422, body: { message: expect.stringContaining(message) } });

  it('are what policies that name them are about: scale is a Scale', async () => {
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    await call('POST', deployments, {
      metadata: { name: 'scaled' },
      spec: { selector: { matchLabels: labels }, template },
    });
    await enforce({
      matchConstraints: rulesOf('apps', 'deployments/scale'),
      validations: [
        {
          expression:
            "object.kind != 'Scale' || request.subResource != 'scale' || object.spec.replicas - oldObject.spec.replicas < 3",
          messageExpression: "'from ' + string(oldObject.spec.replicas) + ' to ' + string(object.spec.replicas)",
        },
      ],
    });
    const scale = (replicas: number) => call('PATCH', `${deployments}/scaled/scale`, { spec: { replicas } }, merge);
    expect(await scale(4)).toMatchObject(denied('denied request: from 1 to 4'));
    expect((await scale(3)).status).toBe(200);
    // The whole object is another matter.
    expect((await call('PATCH', `${deployments}/scaled`, { spec: { replicas: 9 } }, merge)).status).toBe(200);
  });

  it.each([
    [
      'resize',
      { containers: [{ name: 'c', resources: { requests: { cpu: '2' } } }] },
      'object.spec.containers[0].resources.requests.cpu == oldObject.spec.containers[0].resources.requests.cpu',
    ],
    [
      'ephemeralcontainers',
      { ephemeralContainers: [{ name: 'd', image: 'i' }] },
      '!has(object.spec.ephemeralContainers)',
    ],
  ])('are what policies that name them are about: pods/%s is the whole pod', async (part, spec, expression) => {
    const pods = '/api/v1/namespaces/default/pods';
    await call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await call('POST', '/api/v1/nodes', {
      metadata: { name: 'n', labels: { 'kubernetes.io/os': 'linux' } },
      status: { allocatable: { cpu: '4' } },
    });
    const made = await call('POST', pods, {
      metadata: { name: `of-${part}` },
      spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] },
    });
    expect(made.status).toBe(201);
    await enforce({
      matchConstraints: rulesOf('', `pods/${part}`),
      validations: [{ expression, message: 'as it is' }],
    });
    expect(await call('PATCH', `${pods}/of-${part}/${part}`, { spec }, merge)).toMatchObject(denied('as it is'));
    expect((await call('PATCH', `${pods}/of-${part}`, { metadata: { labels: { a: 'b' } } }, merge)).status).toBe(200);
  });

  it('are what policies that name them are about: a CONNECT brings its options', async () => {
    await enforce({
      matchConstraints: rulesOf('', 'pods/exec', 'CONNECT'),
      validations: [
        { expression: "object.kind == 'PodExecOptions' && object.command[0] != 'sh'", message: 'no shell' },
      ],
    });
    const path = '/api/v1/namespaces/default/pods/of-resize/exec?command=sh&stdout=true';
    expect(await call('POST', path)).toMatchObject(denied('no shell'));
  });
});

describe('status', () => {
  /** The status, once it is about the policy's generation. */
  async function checked(name = 'policy') {
    for (;;) {
      const { body } = await call('GET', `${group}/validatingadmissionpolicies/${name}`);
      if (body.status?.observedGeneration === body.metadata.generation) return body.status;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('warns of what cannot be in the kinds a policy is about', async () => {
    const deployments = { operations: ['*'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] };
    await enforce(
      {
        matchConstraints: { resourceRules: [deployments, rules[0]] },
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        variables: [{ name: 'n', expression: 'object.metadata.name' }],
        validations: [
          { expression: "object.replicas > 1 && params.data.x == '1'" },
          { expression: "variables.n == 'x'" },
          { expression: 'variables.n == 1' },
        ],
      },
      { paramRef: { name: 'x', parameterNotFoundAction: 'Allow' } },
    );
    expect(await checked()).toEqual({
      observedGeneration: 1,
      typeChecking: {
        expressionWarnings: [
          {
            fieldRef: 'spec.validations[0].expression',
            warning: [
              "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1 && params.data.x == '1'\n | ......^",
              "/v1, Kind=ConfigMap: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1 && params.data.x == '1'\n | ......^",
            ].join('\n'),
          },
          {
            fieldRef: 'spec.validations[2].expression',
            warning: expect.stringContaining("found no matching overload for '_==_' applied to '(string, int)'"),
          },
        ],
      },
    });
  });
});
