import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';

let server: TestServer;
let call: Call;
beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
});
afterAll(() => server.close());

const review = async (plural: string, spec: object, metadata?: object) =>
  (
    await call(
      'POST',
      `/apis/authorization.k8s.io/v1/${plural}`,
      { spec, ...(metadata ? { metadata } : {}) },
      { 'user-agent': 'tester' },
    )
  ).body;

const pods = { resource: 'pods', verb: 'list' };

describe('an access review', () => {
  const local = 'namespaces/default/localsubjectaccessreviews';
  const at = 'spec.resourceAttributes';
  const entry = (fields: object) =>
    JSON.stringify({
      manager: 'tester',
      operation: 'Update',
      apiVersion: 'authorization.k8s.io/v1',
      time: '<time>',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': fields },
    });
  const self = entry({ 'f:resourceAttributes': { '.': {}, 'f:resource': {}, 'f:verb': {} } });
  const subject = entry({
    'f:resourceAttributes': { '.': {}, 'f:namespace': {}, 'f:resource': {}, 'f:verb': {} },
    'f:user': {},
  });
  it.each<[string, string, object, object | undefined, string]>([
    [
      'nothing',
      'selfsubjectaccessreviews',
      {},
      undefined,
      'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      'two things of nobody',
      'subjectaccessreviews',
      { resourceAttributes: pods, nonResourceAttributes: { path: '/' } },
      undefined,
      '[spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":""}: cannot be specified in combination with resourceAttributes, spec.user: Invalid value: "": at least one of user or group must be specified]',
    ],
    [
      'what has a name',
      'selfsubjectaccessreviews',
      { resourceAttributes: pods },
      { name: 'a', managedFields: [] },
      `metadata: Invalid value: {"name":"a","managedFields":[${self}]}: must be empty`,
    ],
    [
      'another namespace',
      local,
      { resourceAttributes: { namespace: 'b', ...pods }, user: 'a' },
      { name: 'a' },
      `[metadata: Invalid value: {"name":"a","namespace":"default","managedFields":[${subject}]}: must be empty except for namespace, spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace]`,
    ],
    [
      'a path in a namespace',
      local,
      { user: 'a', nonResourceAttributes: { path: '/' } },
      undefined,
      'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":""}: disallowed on this kind of request',
    ],
    [
      'a selector that says nothing',
      'selfsubjectaccessreviews',
      { resourceAttributes: { ...pods, fieldSelector: {} } },
      undefined,
      `${at}.fieldSelector.requirements: Required value: when ${at}.fieldSelector is specified, requirements or rawSelector is required`,
    ],
    [
      'a selector that is said twice',
      'selfsubjectaccessreviews',
      {
        resourceAttributes: {
          ...pods,
          labelSelector: { rawSelector: 'a', requirements: [{ key: 'a', operator: 'Exists' }] },
        },
      },
      undefined,
      `${at}.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements`,
    ],
    [
      'requirements that are none',
      'selfsubjectaccessreviews',
      {
        resourceAttributes: {
          ...pods,
          fieldSelector: { requirements: [{ key: '', operator: 'In' }] },
          labelSelector: { requirements: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
        },
      },
      undefined,
      `[${at}.fieldSelector.requirements[0].key: Required value: must be specified, ${at}.fieldSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn', ${at}.labelSelector.requirements[0].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist']`,
    ],
  ])('about %s is refused, without the name of its kind', async (_title, plural, spec, metadata, message) => {
    const refusal = await review(plural, spec, metadata);
    expect(refusal.code).toBe(422);
    expect(refusal.message.replace(/"time":"[^"]*"/, '"time":"<time>"')).toBe(
      `.authorization.k8s.io "" is invalid: ${message}`,
    );
  });

  it('is answered with whose its fields are, and without what only the server says', async () => {
    const asked = await review(
      'selfsubjectaccessreviews',
      { resourceAttributes: pods },
      { uid: 'u', creationTimestamp: '2020-01-01T00:00:00Z' },
    );
    const managedFields = [{ ...JSON.parse(self), time: expect.any(String) }];
    expect(asked).toEqual({
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: { managedFields },
      spec: { resourceAttributes: pods },
      status: { allowed: true },
    });
  });

  it('says which selectors it could not read', async () => {
    const unknown = { key: 'a', operator: 'Later' };
    const known = { key: 'b', operator: 'In', values: ['c'] };
    const asked = async (selectors: object) =>
      (await review('selfsubjectaccessreviews', { resourceAttributes: { ...pods, ...selectors } })).status;
    expect(await asked({ labelSelector: { requirements: [known] } })).toEqual({ allowed: true });
    expect(
      await asked({ fieldSelector: { rawSelector: 'nothing' }, labelSelector: { requirements: [unknown] } }),
    ).toEqual({
      allowed: true,
      evaluationError: `${at}.fieldSelector ignored due to parse error; ${at}.labelSelector ignored due to parse error`,
    });
    expect(await asked({ fieldSelector: { requirements: [unknown, known] } })).toEqual({
      allowed: true,
      evaluationError: `${at}.fieldSelector partially ignored due to parse error`,
    });
  });
});

describe('a review of rules', () => {
  it('is answered with the rules alone', async () => {
    const answer = await review('selfsubjectrulesreviews', { namespace: 'default' }, { name: 'a', labels: { a: 'b' } });
    expect(answer).toMatchObject({ kind: 'SelfSubjectRulesReview', metadata: {}, spec: {} });
    expect([answer.metadata, answer.spec]).toEqual([{}, {}]);
  });
});
