import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { subjectAccessReview } from '@coracle/api/authorization/v1/subjectaccessreview';
import { configMap } from '@coracle/api/core/v1/configmap';
import type { SubjectAccessReview } from '@coracle/api/types/authorization/v1';
import type { Client } from '@coracle/client/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { apiServerFlags } from '../../flags.ts';
import { type HttpsServer, startHttpsServer } from '../../testing/https-server.ts';
import { writeWebhookConfig } from '../../testing/kubeconfig.ts';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';
import { readAuthorizationConfig } from './config-file.ts';
import { wantedAuthorizers } from './setup.ts';

let folder: string;
let hook: HttpsServer;
let server: SecureServer | undefined;
const clients = new Map<string, Client>();
const at = (name: string) => join(folder, name);

/** The hook's answer: by the name of the user. */
const statuses: Record<string, object> = {
  ann: { allowed: true, reason: 'is Ann' },
  ben: { allowed: false, denied: true, reason: 'is Ben' },
  both: { allowed: true, denied: true },
};
const respond: HttpsServer['respond'] = ({ body }) => ({
  kind: 'SubjectAccessReview',
  apiVersion: body.apiVersion,
  status: statuses[body.spec.user] ?? { allowed: false },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'authz-'));
  hook = await startHttpsServer(respond);
  await writeWebhookConfig(at('hook.yaml'), hook);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  clients.clear();
  hook.respond = respond;
  (hook.received as unknown[]).length = 0;
});
afterAll(async () => {
  await hook.close();
  await rm(folder, { recursive: true });
});

const webhook = (change: object = {}) => ({
  timeout: '3s',
  subjectAccessReviewVersion: 'v1',
  matchConditionSubjectAccessReviewVersion: 'v1',
  failurePolicy: 'NoOpinion',
  connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: at('hook.yaml') },
  ...change,
});

async function configured(...authorizers: object[]): Promise<string[]> {
  const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers };
  await writeFile(at('authorization.yaml'), JSON.stringify(config));
  return [`--authorization-config=${at('authorization.yaml')}`];
}

async function list(user: string, ...groups: string[]): Promise<unknown> {
  // The same client for the same user: what is remembered is remembered by certificate, too.
  const client = clients.get(user) ?? (await server!.as(user, ...groups));
  clients.set(user, client);
  const answer = await client.request('GET', '/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name=m');
  return answer.status === 200 ? 200 : answer.json();
}

describe('authorization by webhook', () => {
  it('asks in the version of the flags, remembers, and goes on to RBAC where it has no opinion', async () => {
    server = await startSecureServer(
      '--authorization-mode=Webhook,RBAC',
      `--authorization-webhook-config-file=${at('hook.yaml')}`,
    );
    expect(await list('ann', 'devs')).toBe(200);
    expect(await list('ann', 'devs')).toBe(200);
    expect(hook.received.length).toBe(1);
    const metrics = (await server.admin.request('GET', '/metrics')).body.toString();
    const host = new URL(hook.url).host;
    expect(metrics).toContain(`\nrest_client_requests_total{code="200",method="POST",host="${host}"} 1\n`);
    for (const series of ['request_duration_seconds', 'request_size_bytes', 'response_size_bytes']) {
      expect(metrics).toContain(`\nrest_client_${series}_count{verb="POST",host="${host}"} 1\n`);
    }
    expect(hook.received[0]).toMatchObject({
      path: '/in?timeout=30s',
      headers: { authorization: 'Bearer tok' },
      body: {
        kind: 'SubjectAccessReview',
        apiVersion: 'authorization.k8s.io/v1beta1',
        metadata: {},
        spec: {
          user: 'ann',
          group: ['devs', 'system:authenticated'],
          resourceAttributes: {
            verb: 'list',
            version: 'v1',
            resource: 'configmaps',
            namespace: 'default',
            name: 'm',
            fieldSelector: { requirements: [{ key: 'metadata.name', operator: 'In', values: ['m'] }] },
          },
        },
      },
    });
    await expect(list('ben')).rejects.toMatchObject({
      status: {
        code: 403,
        message:
          'configmaps "m" is forbidden: User "ben" cannot list resource "configmaps" in API group "" in the namespace "default": is Ben',
      },
    });
    const client = await server.as('cy');
    expect((await client.request('GET', '/version')).status).toBe(200); // RBAC lets everybody see it
    expect(hook.received.at(-1)!.body.spec.nonResourceAttributes).toEqual({ path: '/version', verb: 'get' });
    // Administrators are never asked about: a webhook that is down must not lock them out.
    const before = hook.received.length;
    await server.admin.list(configMap);
    expect(hook.received.length).toBe(before);
  });

  it('tells what a request, a review or an expression is narrowed to', async () => {
    server = await startSecureServer(
      '--authorization-mode=Webhook,RBAC',
      '--authorization-webhook-version=v1',
      `--authorization-webhook-config-file=${at('hook.yaml')}`,
    );
    const ann = await server.as('ann');
    const asked = () => hook.received.map(({ body }) => (body as SubjectAccessReview).spec.resourceAttributes);
    await ann.request('GET', '/api/v1/pods?labelSelector=a%3Db,c+in+(e,d),!f,g,h!%3Di,j%3E1');
    expect(asked().at(-1)).toMatchObject({
      labelSelector: {
        requirements: [
          { key: 'a', operator: 'In', values: ['b'] },
          { key: 'c', operator: 'In', values: ['d', 'e'] },
          { key: 'f', operator: 'DoesNotExist' },
          { key: 'g', operator: 'Exists' },
          { key: 'h', operator: 'NotIn', values: ['i'] },
        ],
      },
    });

    const narrowed = {
      fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'NotIn', values: ['n'] }] },
      labelSelector: { requirements: [{ key: 'a', operator: 'Exists' }] },
    };
    await server.admin.create(subjectAccessReview, {
      metadata: {},
      spec: { user: 'ann', resourceAttributes: { verb: 'list', resource: 'pods', ...narrowed } },
    } as SubjectAccessReview);
    expect(asked().at(-1)).toMatchObject(narrowed);

    const policies = '/apis/admissionregistration.k8s.io/v1';
    const make = (path: string, body: object) => server!.admin.request('POST', path, { body });
    const question =
      "authorizer.group('').resource('pods').fieldSelector('spec.nodeName!=n').labelSelector('a').check('list')";
    await make(`${policies}/validatingadmissionpolicies`, {
      metadata: { name: 'p' },
      spec: {
        matchConstraints: {
          resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        },
        validations: [{ expression: `${question}.allowed()` }],
      },
    });
    await make(`${policies}/validatingadmissionpolicybindings`, {
      metadata: { name: 'b' },
      spec: { policyName: 'p', validationActions: ['Deny'] },
    });
    // Other users need other leave: what is remembered of one is no answer for the next.
    statuses['eve'] = { allowed: true };
    const eve = await server.as('eve');
    await eve.create(configMap, { metadata: { name: 'm', namespace: 'default' } });
    expect(asked().at(-1)).toMatchObject({ verb: 'list', resource: 'pods', version: '*', ...narrowed });
  });

  it('asks several webhooks in the order of the file', async () => {
    const deny = await startHttpsServer(({ body }) => ({
      kind: 'SubjectAccessReview',
      apiVersion: body.apiVersion,
      status: { allowed: false, denied: body.spec.user === 'ann', reason: 'first' },
    }));
    await writeWebhookConfig(at('first.yaml'), deny);
    const first = webhook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: at('first.yaml') } });
    server = await startSecureServer(
      ...(await configured(
        { type: 'Webhook', name: 'first', webhook: first },
        { type: 'Webhook', name: 'second', webhook: webhook() },
        { type: 'RBAC', name: 'rbac' },
      )),
    );
    await expect(list('ann')).rejects.toMatchObject({ status: { message: expect.stringContaining(': first') } });
    expect(hook.received.length).toBe(0);
    await expect(list('ben')).rejects.toMatchObject({ status: { message: expect.stringContaining(': is Ben') } });
    expect(hook.received[0]!.body.apiVersion).toBe('authorization.k8s.io/v1');
    expect(hook.received[0]!.path).toBe('/in?timeout=3s');
    expect(hook.received[0]!.body.metadata).toEqual({});
    await deny.close();
  });

  it.each<[string, string, number]>([
    ['RBAC decides', 'NoOpinion', 200],
    ['everything fails', 'Deny', 500],
  ])('that cannot be asked: %s with failurePolicy %s', async (_name, failurePolicy, code) => {
    hook.respond = () => ({ raw: 'no', code: 400 });
    server = await startSecureServer(
      ...(await configured(
        { type: 'Webhook', name: 'hook', webhook: webhook({ failurePolicy }) },
        { type: 'RBAC', name: 'rbac' },
      )),
    );
    const client = await server.as('dee');
    const version = await client.request('GET', '/version').catch((error: { status: { code: number } }) => ({
      status: error.status.code,
    }));
    expect(version.status).toBe(code);
    // Where nobody allows it, it is the server's failure, not the user's lack of rights.
    await expect(list('dee')).rejects.toMatchObject({
      status: { code: 500, message: expect.stringContaining('the server rejected our request') },
    });
    const review = await server.admin.create(subjectAccessReview, {
      metadata: {},
      spec: { user: 'dee', resourceAttributes: { verb: 'get', resource: 'pods' } },
    } as SubjectAccessReview);
    expect(review.status).toMatchObject({
      allowed: false,
      evaluationError: expect.stringContaining('the server rejected our request'),
    });
  });

  it('asks only about what its match conditions are true of', async () => {
    const matchConditions = [
      { expression: "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'default'" },
      { expression: "!('quiet' in request.groups)" },
    ];
    const failing = webhook({
      failurePolicy: 'Deny',
      matchConditions: [{ expression: "request.extra['none'][0] == ''" }],
    });
    server = await startSecureServer(
      ...(await configured(
        { type: 'Webhook', name: 'hook', webhook: webhook({ matchConditions }) },
        { type: 'RBAC', name: 'rbac' },
      )),
    );
    const ann = await server.as('ann');
    expect((await ann.request('GET', '/version')).status).toBe(200);
    await expect(list('quiet', 'quiet')).rejects.toMatchObject({ status: { code: 403 } });
    expect(hook.received.length).toBe(0);
    expect(await list('ann')).toBe(200);
    expect(hook.received.length).toBe(1);
    await server.close();
    clients.clear();
    server = await startSecureServer(...(await configured({ type: 'Webhook', name: 'hook', webhook: failing })));
    await expect(list('ann')).rejects.toMatchObject({
      status: { code: 500, message: expect.stringContaining('resulted in error: no such key: none') },
    });
  });

  const log = { warn: () => undefined };
  const wanted = (metrics: Registry, ...flags: string[]) => {
    const { values, changed } = apiServerFlags.parse(flags);
    return wantedAuthorizers(values, changed, { metrics, log });
  };

  it('remembers for the default times where its file says no time', async () => {
    const [flag] = await configured({
      type: 'Webhook',
      name: 'a',
      webhook: webhook({ authorizedTTL: '0s', unauthorizedTTL: '0s' }),
    });
    const [read] = await readAuthorizationConfig(flag!.split('=')[1]!);
    expect(read!.webhook).toMatchObject({ authorizedTTL: 300_000, unauthorizedTTL: 30_000 });
  });

  it('follows its file, but not to other authorizers than webhooks', async () => {
    const metrics = new Registry();
    const rbac = { type: 'RBAC', name: 'rbac' };
    const [flag] = await configured(rbac);
    const authorizers = await wanted(metrics, flag!);
    let types = authorizers.now.map(({ type }) => type);
    authorizers.onChange((next) => {
      types = next.map(({ type }) => type);
    });
    await authorizers.reload();
    expect(types).toEqual(['RBAC']);
    await configured({ type: 'Webhook', name: 'hook', webhook: webhook() }, rbac);
    await authorizers.reload();
    expect(types).toEqual(['Webhook', 'RBAC']);
    await configured({ type: 'AlwaysAllow', name: 'all' });
    await authorizers.reload();
    expect(types).toEqual(['Webhook', 'RBAC']);
    authorizers.close();
    const text = await metrics.metrics();
    expect(text).toMatch(/automatic_reloads_total\{status="success",apiserver_id_hash="sha256:[0-9a-f]{64}"\} 1/);
    expect(text).toMatch(/automatic_reloads_total\{status="failure",.*\} 1/);
    const hashes = [
      ...text.matchAll(/^apiserver_authorization_config_controller_last_config_info\{.*hash="(.*)"\} 1$/gm),
    ];
    const counted = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration' };
    const authorizerList = [{ type: 'Webhook', name: 'hook', webhook: webhook() }, rbac];
    const file = JSON.stringify({ ...counted, authorizers: authorizerList });
    expect(hashes.map(([, hash]) => hash)).toEqual([`sha256:${createHash('sha256').update(file).digest('hex')}`]);
  });

  it.each<[string, () => object[], string]>([
    ['no authorizers', () => [], 'authorizers: Required value: at least one authorization mode must be defined'],
    [
      'unknown types and names twice',
      () => [
        { type: 'ACL', name: 'a' },
        { type: 'Node', name: 'a' },
        { type: 'RBAC', name: 'a' },
      ],
      '[authorizers[0].type: Unsupported value: "ACL": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook", authorizers[2].name: Duplicate value: "a"]',
    ],
    [
      'a webhook that says nothing',
      () => [{ type: 'Webhook', name: 'a' }],
      'authorizers[0].webhook: Required value: required when type=Webhook',
    ],
    [
      'a time that is too long',
      () => [{ type: 'Webhook', name: 'a', webhook: webhook({ timeout: '31s' }) }],
      'authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s',
    ],
    [
      'a relative file',
      () => [
        {
          type: 'Webhook',
          name: 'a',
          webhook: webhook({ connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'x' } }),
        },
      ],
      'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "x": must be an absolute path',
    ],
    [
      'conditions that stand twice, and times that are none',
      () => [
        {
          type: 'Webhook',
          name: 'a',
          webhook: webhook({
            unauthorizedTTL: '-1s',
            matchConditions: [{ expression: 'true' }, { expression: 'true' }],
          }),
        },
      ],
      '[authorizers[0].unauthorizedTTL: Invalid value: "-1s": must be > 0s, authorizers[0].matchConditions[1].expression: Duplicate value: "true"]',
    ],
    ['what is of no type, named wrong', () => [{ type: '', name: '' }], 'authorizers[0].type: Required value'],
    [
      'conditions that do not compile',
      () => [{ type: 'Webhook', name: 'a', webhook: webhook({ matchConditions: [{ expression: 'request.usr' }] }) }],
      'authorizers[0].matchConditions[0].expression: Invalid value: "request.usr": compilation failed: ERROR: <input>:1:8: undefined field \'usr\'',
    ],
  ])('is refused in a file with %s', async (_name, authorizers, message) => {
    const flags = await configured(...authorizers());
    await expect(wanted(new Registry(), ...flags)).rejects.toThrow(message);
  });

  it('is refused where flags do not fit', async () => {
    await expect(wanted(new Registry(), '--authorization-mode=Webhook')).rejects.toThrow(
      'authorization config file not passed',
    );
    const file = `--authorization-webhook-config-file=${at('hook.yaml')}`;
    await expect(wanted(new Registry(), file)).rejects.toThrow('without mode Webhook');
    const [config] = await configured({ type: 'RBAC', name: 'r' });
    for (const flag of [
      'mode=RBAC',
      'mode=AlwaysAllow',
      'webhook-version=v1beta1',
      'webhook-cache-authorized-ttl=5m',
    ]) {
      await expect(wanted(new Registry(), `--authorization-${flag}`, config!)).rejects.toThrow(
        '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
      );
    }
  });
});
