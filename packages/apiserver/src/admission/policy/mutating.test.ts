import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
let api: TestServer;
let call: Call;
const made: string[] = [];
let count = 0;

beforeAll(async () => {
  api = await startApiServer({ plugins: 'default' });
  call = callsTo(api.url);
});
afterAll(() => api.close());
afterEach(async () => {
  for (const path of made.splice(0).reverse()) await call('DELETE', path);
});

async function enforce(mutations: object[], more: object = {}, name = 'policy'): Promise<void> {
  const policies = `${group}/mutatingadmissionpolicies`;
  const resourceRules = [
    { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] },
  ];
  const spec = { matchConstraints: { resourceRules }, mutations, ...more };
  expect((await call('POST', policies, { metadata: { name }, spec })).body).toMatchObject({ metadata: { name } });
  await call('POST', `${group}/mutatingadmissionpolicybindings`, { metadata: { name }, spec: { policyName: name } });
  made.push(`${policies}/${name}`, `${group}/mutatingadmissionpolicybindings/${name}`);
  await api.registry.fresh();
}
const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
const create = () =>
  call('POST', deployments, {
    metadata: { name: `web-${count++}`, labels: { a: '1' } },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web' }] } },
    },
  });
const by = "policy 'policy' with binding 'policy' denied request:";

describe('mutations', () => {
  it.each<[string, object, object]>([
    ['set fields', apply('Object{spec: Object.spec{replicas: 3}}'), { spec: { replicas: 3 } }],
    [
      'add to maps',
      apply("Object{metadata: Object.metadata{labels: {'b': '2'}}}"),
      { metadata: { labels: { a: '1', b: '2' } } },
    ],
    [
      'merge keyed lists',
      apply(
        "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: 'side', image: 'side'}]}}}}",
      ),
      { spec: { template: { spec: { containers: [{ name: 'main' }, { name: 'side', imagePullPolicy: 'Always' }] } } } },
    ],
    ['compute', apply('Object{spec: Object.spec{replicas: variables.more}}'), { spec: { replicas: 2 } }],
    [
      'patch',
      patch("[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('x/y'), value: 'z'}]"),
      { metadata: { labels: { 'x/y': 'z' } } },
    ],
    [
      'patch with objects',
      patch("[JSONPatch{op: 'add', path: '/metadata/annotations', value: {'n': 'v'}}]"),
      { metadata: { annotations: { n: 'v' } } },
    ],
    [
      'patch unless a test fails',
      patch(
        "[JSONPatch{op: 'test', path: '/spec/replicas', value: 9}, JSONPatch{op: 'replace', path: '/spec/replicas', value: 5}]",
      ),
      { spec: { replicas: 1 } },
    ],
  ])('%s', async (_, mutation, expected) => {
    await enforce([mutation], { variables: [{ name: 'more', expression: 'object.spec.replicas + 1' }] });
    const { status, body } = await create();
    expect(body).toMatchObject(expected);
    expect(status).toBe(201);
  });

  it.each<[string, object, string]>([
    [
      'that fail',
      apply('Object{spec: Object.spec{replicas: object.nope}}'),
      `${by} expression 'Object{spec: Object.spec{replicas: object.nope}}' resulted in error: no such key: nope`,
    ],
    [
      'of what is one thing',
      apply("Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'a': 'b'}}}}"),
      `${by} error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector`,
    ],
    [
      'of a field that the object cannot have',
      apply('Object{spec: Object.spec{replica: 3}}'),
      `${by} error applying patch: failed to convert patch object to typed object: .spec.replica: field not declared in schema`,
    ],
    [
      'to values of other types',
      apply("Object{spec: Object.spec{replicas: 'two', paused: 1}}"),
      `${by} error applying patch: failed to convert patch object to typed object: errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.paused: expected boolean, got &{1}`,
    ],
    [
      'in the wrong place',
      apply('Object{spec: Object.spec.template{replicas: 1}}'),
      `${by} type mismatch: unexpected type name "Object.spec.template", expected "Object.spec", which matches field name path from root Object type`,
    ],
  ])('refuses those %s', async (_, mutation, message) => {
    await enforce([mutation]);
    const { status, body } = await create();
    expect(status).toBe(422);
    expect(body.details.causes).toEqual([{ message }]);
  });

  it('ignores failures where that is the failurePolicy, and other requests', async () => {
    await enforce([apply('Object{spec: Object.spec{replicas: object.nope}}')], { failurePolicy: 'Ignore' });
    expect((await create()).status).toBe(201);
    await enforce(
      [apply('Object{spec: Object.spec{replicas: 7}}')],
      { matchConditions: [{ name: 'a', expression: 'false' }] },
      'other',
    );
    expect((await create()).body.spec.replicas).toBe(1);
  });

  it.each([
    ['a configuration', apply('Object{spec: Object.spec{replicas: 2}}')],
    ['a patch', patch("[JSONPatch{op: 'replace', path: '/spec/replicas', value: 2}]")],
  ])('set how many replicas a Scale asks for, by %s', async (_, mutation) => {
    const { metadata } = (await create()).body;
    const resourceRules = [
      { operations: ['UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments/scale'] },
    ];
    await enforce([mutation], { matchConstraints: { resourceRules } });
    const { status, body } = await call(
      'PATCH',
      `${deployments}/${metadata.name}/scale`,
      { spec: { replicas: 9 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect([status, body.kind, body.spec]).toEqual([200, 'Scale', { replicas: 2 }]);
  });

  it('fit the body of a subresource, where that has one of its own', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    await call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    const containers = [{ name: 'c', image: 'i' }];
    await call('POST', pods, { metadata: { name: 'evicted' }, spec: { nodeName: 'n', containers } });
    await enforce([apply('Object{deleteOptions: Object.deleteOptions{gracePeriodSeconds: 7}}')], {
      matchConstraints: {
        resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/eviction'] }],
      },
    });
    const evicted = await call('POST', `${pods}/evicted/eviction`, { metadata: { name: 'evicted' } });
    expect(evicted.body).toMatchObject({ status: 'Success' });
    expect((await call('GET', `${pods}/evicted`)).body.metadata.deletionGracePeriodSeconds).toBe(7);
  });

  it('runs again what wants to see later changes', async () => {
    const add =
      "JSONPatch{op: 'add', path: '/metadata/annotations/count', value: string(int(object.metadata.?annotations[?'count'].orValue('0')) + 1)}";
    const first = patch(
      `has(object.metadata.annotations) ? [${add}] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {'count': '1'}}]`,
    );
    await enforce([first], { reinvocationPolicy: 'IfNeeded' }, 'a');
    await enforce([apply("Object{metadata: Object.metadata{labels: {'b': '2'}}}")], {}, 'b');
    const { body } = await create();
    expect(body.metadata).toMatchObject({ annotations: { count: '2' }, labels: { b: '2' } });
  });
});

it('refuses policies whose expressions are wrong', async () => {
  const resourceRules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
  const { body } = await call('POST', `${group}/mutatingadmissionpolicies`, {
    metadata: { name: 'policy' },
    spec: {
      matchConstraints: { resourceRules },
      mutations: [apply('1'), patch('[1]'), patch('[JSONPatch{wrong: 1}]')],
    },
  });
  expect(body.details.causes).toMatchObject([
    {
      field: 'spec.mutations[0].applyConfiguration.expression',
      message: 'Invalid value: "1": must evaluate to Object',
    },
    {
      field: 'spec.mutations[1].jsonPatch.expression',
      message: 'Invalid value: "[1]": must evaluate to list(JSONPatch)',
    },
    { field: 'spec.mutations[2].jsonPatch.expression', message: expect.stringContaining("undefined field 'wrong'") },
  ]);
});
