import { pod as podKind } from '@coracle/api/core/v1/pod';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../../testing/definitions.ts';
import { anyRule, configMap, ownWebhookServer, patching, webhookGroup } from '../../testing/own-webhook-server.ts';
import type { Attributes } from '../plugin.ts';
import { formsOf } from './forms.ts';

const { call, create, hook, metrics, register, unregister } = ownWebhookServer();

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
    await unregister();
    await register('Validating', { ...conditions(failing), failurePolicy: 'Ignore' }, 'ignoring');
    await register('Validating', conditions(failing, 'false'), 'settled');
    expect((await create()).status).toBe(201);
    expect(hook.received.length).toBe(0);
  });

  it('are compiled when they are written', async () => {
    const refused = await call('POST', `${webhookGroup}/validatingwebhookconfigurations`, {
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

  it.each<[string, object, object]>([
    [
      'another kind',
      { op: 'replace', path: '/kind', value: 'Widget' },
      { code: 422, message: 'Widget.example.com "c" is invalid: kind: Invalid value: "Widget": must be Gadget' },
    ],
    [
      'no kind',
      { op: 'remove', path: '/kind' },
      { code: 500, message: expect.stringMatching(/^Internal error occurred: Object 'Kind' is missing in '\{.*\}'$/) },
    ],
  ])('cannot make them of %s', async (_title, operation, refusal) => {
    hook.respond = patching(operation);
    await register('Mutating', { rules: [{ ...anyRule, resources: ['gadgets'] }] });
    const gadget = { metadata: { name: 'c' }, spec: {}, kind: 'Gadget', apiVersion: 'example.com/v1' };
    expect((await call('POST', path('v1'), gadget)).body).toMatchObject(refusal);
  });

  it('may answer with them in another version', async () => {
    hook.respond = patching({ op: 'replace', path: '/apiVersion', value: 'example.com/v2' });
    await register('Mutating', { rules: [{ ...anyRule, resources: ['gadgets'] }] });
    const gadget = { metadata: { name: 'd' }, spec: { size: 4 }, kind: 'Gadget', apiVersion: 'example.com/v1' };
    expect((await call('POST', path('v1'), gadget)).body).toMatchObject({
      apiVersion: 'example.com/v1',
      spec: { size: 4 },
    });
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
