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
  (await call('POST', `/apis/authorization.k8s.io/v1/${plural}`, { spec, ...(metadata ? { metadata } : {}) })).body;

const pods = { verb: 'list', resource: 'pods' };

describe('an access review', () => {
  const local = 'namespaces/default/localsubjectaccessreviews';
  const at = 'spec.resourceAttributes';
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
      '[spec.nonResourceAttributes: Invalid value: {"path":"/"}: cannot be specified in combination with resourceAttributes, spec.user: Invalid value: "": at least one of user or group must be specified]',
    ],
    [
      'what has a name',
      'selfsubjectaccessreviews',
      { resourceAttributes: pods },
      { name: 'a' },
      'metadata: Invalid value: {"name":"a"}: must be empty',
    ],
    [
      'another namespace',
      local,
      { user: 'a', resourceAttributes: { ...pods, namespace: 'b' } },
      { name: 'a' },
      '[metadata: Invalid value: {"name":"a"}: must be empty except for namespace, spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace]',
    ],
    [
      'a path in a namespace',
      local,
      { user: 'a', nonResourceAttributes: { path: '/' } },
      undefined,
      'spec.nonResourceAttributes: Invalid value: {"path":"/"}: disallowed on this kind of request',
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
    expect(await review(plural, spec, metadata)).toMatchObject({
      code: 422,
      message: `.authorization.k8s.io "" is invalid: ${message}`,
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
