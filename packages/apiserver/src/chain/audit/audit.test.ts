import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { configMap } from '@coracle/api/core/v1/configmap';
import { secret } from '@coracle/api/core/v1/secret';
import { formatMicroTime } from '@coracle/api/meta/time';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { apiServerFlags } from '../../flags.ts';
import { callsTo, secureCallsTo } from '../../testing/http.ts';
import { type HttpsServer, startHttpsServer } from '../../testing/https-server.ts';
import { writeWebhookConfig } from '../../testing/kubeconfig.ts';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';
import { startApiServer } from '../../testing.ts';
import { withRetries } from '../../webhooks/retries.ts';
import { MeasuredLatencies } from '../latencies.ts';
import type { Link, RequestContext } from '../link.ts';
import { batched, blocking } from './backends/buffered.ts';
import { logFormats } from './backends/log.ts';
import { RotatingFile } from './backends/rotating-file.ts';
import { truncated } from './backends/truncated.ts';
import type { AuditEvent } from './event.ts';
import { audit } from './index.ts';
import { auditConfigOf, type Policy } from './policy.ts';
import { readPolicyFile } from './policy-file.ts';
import { AuditRecord } from './record.ts';
import { auditingOf } from './setup.ts';

let folder: string;
let server: SecureServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audit-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const policy = (rules: object[], more: object = {}) =>
  JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules, ...more });

async function start(rules: object[], more: object = {}, ...flags: string[]): Promise<SecureServer> {
  await writeFile(at('policy.yaml'), policy(rules, more));
  server = await startSecureServer(
    `--audit-policy-file=${at('policy.yaml')}`,
    `--audit-log-path=${at('audit.log')}`,
    ...flags,
  );
  return server;
}

/** A server with a webhook for its events, which fails once with an answer and then takes them. */
async function startWithFailingHook(answer: {
  raw: string;
  code: number;
}): Promise<{ api: SecureServer; hook: HttpsServer }> {
  let failures = 1;
  const hook = await startHttpsServer(() => (failures-- > 0 ? answer : { kind: 'Status' }));
  await writeWebhookConfig(at('hook.yaml'), hook);
  const api = await start(
    [{ level: 'Metadata' }],
    { omitStages: ['RequestReceived'] },
    `--audit-webhook-config-file=${at('hook.yaml')}`,
    '--audit-webhook-initial-backoff=10ms',
  );
  return { api, hook };
}

async function logged(): Promise<AuditEvent[]> {
  const text = await readFile(at('audit.log'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEvent);
}

const maps = '/api/v1/namespaces/default/configmaps';

/** One call without credentials. */
async function ask(api: SecureServer, path: string, headers: Record<string, string | string[]> = {}): Promise<number> {
  const { call, close } = secureCallsTo(api.url, { ca: api.authority.certificate });
  const { status } = await call('GET', path, undefined, headers);
  close();
  return status;
}

describe('audit', () => {
  it('records a request when it is received and when it ends, as much as the policy says', async () => {
    const api = await start([
      { level: 'Metadata', resources: [{ group: '', resources: ['secrets'] }] },
      { level: 'RequestResponse', resources: [{ group: '', resources: ['configmaps'] }], omitManagedFields: true },
    ]);
    const map = { metadata: { name: 'm', namespace: 'default' }, data: { a: '1' } };
    await api.admin.create(configMap, map);
    await api.admin.create(secret, { metadata: { name: 's', namespace: 'default' }, data: { a: 'c2VjcmV0' } });
    await api.admin.list(configMap, { namespace: 'default' });
    await expect(api.admin.get(configMap, 'none', 'default')).rejects.toThrow('not found');
    const events = await logged();
    const { auditID } = events.find(({ objectRef }) => objectRef?.name === 'm')!;
    const [received, complete] = events.filter((each) => each.auditID === auditID);
    expect(received).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      auditID: expect.stringMatching(/^[\w-]{36}$/),
      stage: 'RequestReceived',
      requestURI: maps,
      verb: 'create',
      user: { username: 'admin', groups: ['system:masters', 'system:authenticated'], extra: expect.anything() },
      sourceIPs: ['127.0.0.1'],
      userAgent: expect.any(String),
      objectRef: expect.objectContaining({ resource: 'configmaps', namespace: 'default', apiVersion: 'v1' }),
      requestReceivedTimestamp: expect.stringMatching(/\.\d{6}Z$/),
      stageTimestamp: expect.stringMatching(/\.\d{6}Z$/),
    });
    expect(complete).toMatchObject({
      auditID: received!.auditID,
      stage: 'ResponseComplete',
      objectRef: { name: 'm' },
      responseStatus: { metadata: {}, code: 201 },
      requestObject: { kind: 'ConfigMap', ...map },
      responseObject: { kind: 'ConfigMap', ...map },
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
    expect(JSON.stringify(complete!.responseObject)).not.toContain('managedFields');
    const ofSecret = events.filter(({ objectRef }) => objectRef?.resource === 'secrets');
    expect(ofSecret.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete']);
    expect(JSON.stringify(ofSecret)).not.toContain('c2VjcmV0');
    const list = events.find(({ verb, stage }) => verb === 'list' && stage === 'ResponseComplete')!;
    expect((list.responseObject as { items: object[] }).items).toMatchObject([{ metadata: { name: 'm' } }]);
    expect(events.at(-1)).toMatchObject({
      responseStatus: { metadata: {}, status: 'Failure', reason: 'NotFound', code: 404 },
      responseObject: { kind: 'Status', message: 'configmaps "none" not found' },
    });
  });

  it('records a Status that is an answer beside its code, at every level', async () => {
    const api = await start([
      { level: 'Metadata', resources: [{ group: '', resources: ['secrets'] }] },
      { level: 'RequestResponse', resources: [{ group: '', resources: ['configmaps'] }] },
    ]);
    await api.admin.create(configMap, { metadata: { name: 'm', namespace: 'default' } });
    await api.admin.create(secret, { metadata: { name: 'm', namespace: 'default' } });
    await api.admin.delete(configMap, 'm', 'default');
    await api.admin.delete(secret, 'm', 'default');
    const ended = (await logged()).filter(({ verb, stage }) => verb === 'delete' && stage === 'ResponseComplete');
    expect(ended.map(({ responseStatus }) => responseStatus)).toEqual(
      ['configmaps', 'secrets'].map((kind) => ({
        metadata: {},
        status: 'Success',
        details: { name: 'm', kind, uid: expect.any(String) },
        code: 200,
      })),
    );
    expect(ended.map(({ responseObject }) => (responseObject as { kind?: string })?.kind)).toEqual([
      'Status',
      undefined,
    ]);
  });

  it('records whom a user acted as, refusals, and who was not let in', async () => {
    const api = await start([{ level: 'Metadata' }], { omitStages: ['RequestReceived'] });
    await fetchAs(api, { 'impersonate-user': 'bob', 'impersonate-group': 'devs' });
    await expect(api.with('nonsense').list(configMap, { namespace: 'default' })).rejects.toThrow('Unauthorized');
    const [impersonated, refused] = await logged();
    expect(impersonated).toMatchObject({
      stage: 'ResponseComplete',
      user: { username: 'admin' },
      impersonatedUser: { username: 'bob', groups: ['devs', 'system:authenticated'] },
      authenticationMetadata: { impersonationConstraint: 'impersonate:user-info' },
      responseStatus: { status: 'Failure', reason: 'Forbidden', code: 403 },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    });
    expect(refused).toMatchObject({
      stage: 'ResponseStarted',
      user: {},
      responseStatus: { metadata: {}, status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401 },
    });
    expect(refused!.user).toEqual({});
  });

  it('records what is refused before anybody is asked who it is', async () => {
    const api = await start([{ level: 'RequestResponse' }]);
    expect(await ask(api, `${maps}?timeout=soon`)).toBe(400);
    const message = 'invalid timeout specified in the request URL - time: invalid duration "soon"';
    expect(await logged()).toEqual([
      expect.objectContaining({
        stage: 'ResponseStarted',
        user: {},
        responseStatus: { metadata: {}, status: 'Failure', message, reason: 'BadRequest', code: 400 },
        responseObject: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message,
          reason: 'BadRequest',
          code: 400,
        },
      }),
    ]);
  });

  it('records the addresses a request came by, as Go writes them', async () => {
    const api = await start([{ level: 'Metadata' }]);
    const headers = { 'x-forwarded-for': '1.2.3.4, ::FFFF:9.8.7.6, bogus, 2001:DB8:0::1', 'x-real-ip': '5.6.7.8' };
    expect(await ask(api, '/version', headers)).toBe(200);
    expect(await ask(api, '/version', { 'x-forwarded-for': ['1.2.3.4', '4.3.2.1'] })).toBe(200);
    const events = await logged();
    const stages = ['RequestReceived', 'ResponseComplete'];
    expect(events.map(({ stage }) => stage)).toEqual([...stages, ...stages]);
    const all = ['1.2.3.4', '9.8.7.6', '2001:db8::1', '5.6.7.8', '127.0.0.1'];
    const first = ['1.2.3.4', '127.0.0.1'];
    expect(events.map(({ sourceIPs }) => sourceIPs)).toEqual([all, all, first, first]);
  });

  async function fetchAs(api: SecureServer, headers: Record<string, string>): Promise<void> {
    const { connect } = await import('@coracle/client/client');
    const config = await api.configOf('admin', 'system:masters');
    const groups = [headers['impersonate-group']!];
    const client = connect({ ...config, impersonate: { user: headers['impersonate-user']!, groups } });
    await expect(client.list(configMap, { namespace: 'default' })).rejects.toThrow('forbidden');
  }

  it('records a watch when it begins and when it ends', async () => {
    const api = await start([{ level: 'Request', verbs: ['watch'] }], { omitStages: ['RequestReceived'] });
    const stop = new AbortController();
    const watching = api.admin.watch(configMap, {
      namespace: 'default',
      resourceVersion: '0',
      timeoutSeconds: 1,
      signal: stop.signal,
    });
    for await (const _event of watching) {
      // until the server ends it
    }
    const events = await logged();
    expect(events.map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([
      ['ResponseStarted', 200],
      ['ResponseComplete', 200],
    ]);
  });

  it('records once that a watch was refused', async () => {
    const api = await start([{ level: 'Metadata' }], { omitStages: ['RequestReceived'] });
    expect(await ask(api, `${maps}?watch=1`)).toBe(403);
    const events = await logged();
    expect(events.map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([
      ['ResponseStarted', 403],
      ['ResponseComplete', 403],
    ]);
  });

  it('records what was sent with its defaults, and who sends it as UTF-8', async () => {
    const api = await start([{ level: 'Request', resources: [{ group: '', resources: ['services'] }] }]);
    const path = '/api/v1/namespaces/default/services?dryRun=All';
    const body = { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
    const headers = { 'user-agent': Buffer.from('jürgen ☃').toString('latin1') };
    await api.admin.request('POST', path, { body: { apiVersion: 'v1', kind: 'Service', ...body }, headers });
    const [, complete] = await logged();
    expect(complete).toMatchObject({
      userAgent: 'jürgen ☃',
      requestObject: { spec: { type: 'ClusterIP', sessionAffinity: 'None', ports: [{ port: 80, protocol: 'TCP' }] } },
    });
  });

  it('records the code alone of answers that are no object the client takes', async () => {
    const api = await start([{ level: 'RequestResponse' }], { omitStages: ['RequestReceived'] });
    const get = (path: string, accept: string) => api.admin.request('GET', path, { headers: { accept } });
    await expect(get('/nothing/here', '*/*')).rejects.toMatchObject({ code: 404 });
    await expect(get(maps, 'text/plain')).rejects.toMatchObject({ code: 406 });
    const events = await logged();
    expect(events.map(({ responseStatus, responseObject }) => [responseStatus, responseObject])).toEqual([
      [{ metadata: {}, code: 404 }, undefined],
      [{ metadata: {}, code: 406 }, undefined],
    ]);
  });

  it('records options of a delete in the internal version, whichever they were sent in', async () => {
    const api = await start([{ level: 'Request', verbs: ['delete'] }], { omitStages: ['RequestReceived'] });
    await api.admin.create(configMap, { metadata: { name: 'm', namespace: 'default' } });
    await api.admin.delete(configMap, 'm', 'default', { propagationPolicy: 'Background' });
    expect((await logged())[0]!.requestObject).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'meta.k8s.io/__internal',
      propagationPolicy: 'Background',
    });
  });

  it('sends batches to a webhook again whatever it was answered with', async () => {
    const { api, hook } = await startWithFailingHook({ raw: 'no', code: 404 });
    expect(await ask(api, '/version')).toBe(200);
    await api.close();
    server = undefined;
    expect(hook.received.length).toBe(2);
    await hook.close();
  });

  it('sends batches to a webhook, again when it fails, and what is left at the end', async () => {
    const { api, hook } = await startWithFailingHook({ raw: 'busy', code: 503 });
    await api.admin.list(configMap, { namespace: 'default' });
    await api.admin.list(secret, { namespace: 'default' });
    await api.close();
    server = undefined;
    expect(hook.received.length).toBe(2);
    expect(hook.received[1]).toMatchObject({
      path: '/in?timeout=30s',
      headers: { authorization: 'Bearer tok' },
      body: {
        kind: 'EventList',
        apiVersion: 'audit.k8s.io/v1',
        items: [{ objectRef: { resource: 'configmaps' } }, { objectRef: { resource: 'secrets' } }],
      },
    });
    await hook.close();
  });
});

describe('the links of audit', () => {
  const metrics = { event: () => {}, level: () => {}, rejected: () => {}, lost: () => {} };

  /** A server whose requests are recorded and then meet `end`; gives the events. */
  async function auditing(end: Link, take: (event: AuditEvent) => boolean = () => true, accept = 'application/json') {
    const events: AuditEvent[] = [];
    const backend = {
      process(event: AuditEvent) {
        events.push(event);
        return take(event);
      },
      close: async () => undefined,
    };
    const policy: Policy = { rules: [{ level: 'Metadata' }] };
    const log = { error: () => undefined, warn: () => undefined };
    const api = await startApiServer({ links: [audit({ policy, backends: [backend], metrics }), end], log });
    const answer = await callsTo(api.url)('GET', maps, undefined, { accept });
    await api.close();
    return { answer, events };
  }

  it('record that the server failed over a request', async () => {
    const { answer, events } = await auditing(() => Promise.reject(new TypeError('oops')));
    expect(answer.status).toBe(500);
    expect(events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'Panic']);
    expect(events[1]!.responseStatus).toMatchObject({ code: 500, message: "APIServer panic'd: oops" });
  });

  it('say how long a request took that took long, and when it came', async () => {
    let received = '';
    const { events } = await auditing((context, next) => {
      Object.assign(context, { receivedAt: context.receivedAt - 1500 });
      context.latencies.add('etcd', 1000);
      context.latencies.add('etcd', 200);
      received = formatMicroTime(context.receivedAt);
      return next();
    });
    expect(events[0]!.stageTimestamp).toBe(events[0]!.requestReceivedTimestamp);
    expect(events.at(-1)).toMatchObject({
      requestReceivedTimestamp: received,
      annotations: {
        'apiserver.latency.k8s.io/total': expect.stringMatching(/^\d+(\.\d+)?s$/),
        'apiserver.latency.k8s.io/etcd': expect.stringMatching(/^1\.2\d*s$/),
        'apiserver.latency.k8s.io/response-write': expect.stringMatching(/s$/),
      },
    });
    const { events: quick } = await auditing((_context, next) => next());
    expect(Object.keys(quick.at(-1)!.annotations ?? {})).toEqual([]);
  });

  it('tell what a list was made into apart from how it was written', async () => {
    const late: Link = (context, next) => {
      Object.assign(context, { receivedAt: context.receivedAt - 1500 });
      return next();
    };
    const spent = async (accept: string) =>
      Object.keys((await auditing(late, undefined, accept)).events.at(-1)!.annotations ?? {}).map(
        (each) => each.split('/')[1],
      );
    const table = await spent('application/json;as=Table;v=v1;g=meta.k8s.io');
    expect(table).toContain('transform-response-object');
    const plain = await spent('application/json');
    expect(plain).toContain('serialize-response-object');
    expect(plain).not.toContain('transform-response-object');
  });

  it('leave field owners out of Tables too', () => {
    const context = {
      info: { isResourceRequest: false },
      annotations: new Map(),
      latencies: new MeasuredLatencies(),
      req: { headers: {}, rawHeaders: [] },
      user: { groups: [] },
    };
    const config = { level: 'RequestResponse' as const, omitStages: new Set<never>(), omitManagedFields: true };
    const it = new AuditRecord({ ...context, receivedAt: Date.now() } as unknown as RequestContext, config);
    it.response({ kind: 'Table', rows: [{ object: { metadata: { name: 'a', managedFields: [{}] } } }] });
    expect(it.event('ResponseComplete').responseObject).toEqual({
      kind: 'Table',
      rows: [{ object: { metadata: { name: 'a' } } }],
    });
  });

  it.each([
    ['--audit-log-truncate-max-event-size=0', 'invalid audit truncate log max event size 0, must be a positive number'],
    [
      '--audit-webhook-truncate-max-batch-size=9',
      'invalid audit truncate webhook max batch size 9, must be greater than max event size (102400)',
    ],
    ['--audit-log-maxage=-1', "--audit-log-maxage -1 can't be a negative number"],
  ])('are not made with %s, on or off', async (flag, message) => {
    await writeFile(at('p.yaml'), policy([{ level: 'None' }]));
    const log = { warn: () => undefined };
    const flags = [
      `--audit-policy-file=${at('p.yaml')}`,
      '--audit-log-path=-',
      `--audit-webhook-config-file=${at('hook.yaml')}`,
      flag,
    ];
    const nobody = { url: 'https://127.0.0.1:1', caBundle: '' } as HttpsServer;
    await writeWebhookConfig(at('hook.yaml'), nobody);
    expect(() => auditingOf(apiServerFlags.parse(flags).values, new Registry(), log)).toThrow(message);
  });

  it('refuse a request whose event is lost where that must not be', async () => {
    let reached = false;
    const end: Link = async (_context, next) => {
      reached = true;
      await next();
    };
    const { answer } = await auditing(end, () => false);
    expect(answer.body).toMatchObject({ code: 500, message: 'Internal error occurred: failed to store audit event' });
    expect(reached).toBe(false);
    const refusing = blocking(
      () => Promise.reject(new Error('disk full')),
      true,
      () => undefined,
    );
    expect(await refusing.process(event({ stage: 'RequestReceived' }))).toBe(false);
    expect(await refusing.process(event({ stage: 'ResponseComplete' }))).toBe(true);
  });
});

describe('an audit policy', () => {
  const info = {
    isResourceRequest: true,
    path: '/api/v1/namespaces/a/pods/web/log',
    verb: 'get',
    apiPrefix: 'api',
    apiGroup: '',
    apiVersion: 'v1',
    namespace: 'a',
    resource: 'pods',
    subresource: 'log',
    name: 'web',
    parts: [],
  };
  const path = {
    ...info,
    isResourceRequest: false,
    path: '/healthz/etcd',
    namespace: '',
    resource: '',
    subresource: '',
  };
  const user = { name: 'alice', groups: ['devs'] };
  const group = (...resources: string[]) => ({ resources: [{ group: '', resources }] });

  it.each<[string, object, typeof info, boolean]>([
    ['everything', {}, info, true],
    ['its users', { users: ['bob'] }, info, false],
    ['its groups', { userGroups: ['ops', 'devs'] }, info, true],
    ['its verbs', { verbs: ['list'] }, info, false],
    ['a resource, not its subresources', group('pods'), info, false],
    ['a subresource', group('pods/log'), info, true],
    ['all subresources', group('pods/*'), info, true],
    ['a subresource of all', group('*/log'), info, true],
    ['all resources', group('*'), info, true],
    ['a group', { resources: [{ group: 'apps' }] }, info, false],
    ['resources of any group', { resources: [{ group: '*', resources: ['pods/log'] }] }, info, true],
    ['names', { resources: [{ group: '', resources: ['*'], resourceNames: ['other'] }] }, info, false],
    ['namespaces', { namespaces: ['b'] }, info, false],
    ['no paths by resources', group('*'), path, false],
    ['paths', { nonResourceURLs: ['/healthz*'] }, path, true],
    ['no resources by paths', { nonResourceURLs: ['*'] }, info, false],
  ])('has rules for %s', (_name, rule, request, expected) => {
    const { level } = auditConfigOf({ rules: [{ level: 'Metadata', ...rule }] }, request, user);
    expect(level).toBe(expected ? 'Metadata' : 'None');
  });

  it('omits stages and managed fields as the rule or the policy says', () => {
    const whole: Policy = {
      omitStages: ['RequestReceived'],
      omitManagedFields: true,
      rules: [{ level: 'Request', omitStages: ['Panic'], omitManagedFields: false }],
    };
    const config = auditConfigOf(whole, info, user);
    expect([...config.omitStages]).toEqual(['RequestReceived', 'Panic']);
    expect(config.omitManagedFields).toBe(false);
  });

  it('may name any group', async () => {
    await writeFile(at('p.yaml'), policy([{ level: 'None', resources: [{ group: '*' }] }]));
    expect(readPolicyFile(at('p.yaml')).rules[0]).toMatchObject({ resources: [{ group: '*' }] });
  });

  it.each([
    [policy([]), 'loaded illegal policy with 0 rules'],
    [policy([{ level: 'All' }]), 'rules[0].level: Unsupported value: "All"'],
    [policy([{}]), 'rules[0].level: Required value'],
    [policy([{ level: 'None', omitStages: ['End'] }]), 'allowed stages are RequestReceived,ResponseStarted'],
    [policy([{ level: 'None', nonResourceURLs: ['a*b'] }]), "must begin with a '/' character"],
    [policy([{ level: 'None', nonResourceURLs: ['/'], namespaces: ['a'] }]), 'cannot apply to both'],
    [
      policy([{ level: 'None', resources: [{ group: 'a/v1', resourceNames: ['x'] }] }]),
      /\[rules\[0\]\.resources\.group: Invalid value: "a\/v1": a lowercase RFC 1123 subdomain .*, rules\[0\]\.resources\.resourceNames: Invalid value: \["x"\]: using resourceNames requires at least one resource\]/,
    ],
    [policy([{ level: 'None', verb: ['get'] }]), 'unknown field "rules[0].verb"'],
  ])('that is wrong is refused: %s', async (text, message) => {
    await writeFile(at('p.yaml'), text);
    expect(() => readPolicyFile(at('p.yaml'))).toThrow(message);
  });
});

const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Request',
  auditID: 'id',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/pods?a="b"',
  verb: 'list',
  user: { username: 'alice', groups: ['a', 'b'] },
  requestReceivedTimestamp: '2026-01-02T03:04:05.000006Z',
  stageTimestamp: '2026-01-02T03:04:05.000006Z',
  ...more,
});

describe('audit backends', () => {
  it('write the old form of lines', () => {
    expect(logFormats.legacy!(event({ responseStatus: { metadata: {}, code: 200 } }))).toBe(
      '2026-01-02T03:04:05.000006Z AUDIT: id="id" stage="ResponseComplete" ip="<unknown>" method="list" user="alice" groups="\\"a\\",\\"b\\"" as="<self>" asgroups="<lookup>" user-agent="" namespace="<none>" uri="/api/v1/pods?a=\\"b\\"" response="200"\n',
    );
  });

  it('put full files aside, compress them, and keep as many as asked', async () => {
    let now = Date.parse('2026-01-02T03:04:05.006Z');
    const failures: unknown[] = [];
    const file = new RotatingFile(at('a.log'), {
      maxSize: 10,
      maxBackups: 2,
      maxAgeDays: 0,
      compress: true,
      failed: (error) => failures.push(error),
      now: () => now++,
    });
    for (const line of ['1234567\n', '2234567\n', '3234567\n', '4234567\n']) file.write(line);
    await file.close();
    expect((await readdir(folder)).sort()).toEqual([
      'a-2026-01-02T03-04-05.007.log.gz',
      'a-2026-01-02T03-04-05.008.log.gz',
      'a.log',
    ]);
    expect(gunzipSync(await readFile(at('a-2026-01-02T03-04-05.008.log.gz'))).toString()).toBe('3234567\n');
    expect((await stat(at('a.log'))).mode & 0o777).toBe(0o600);
    expect(failures).toEqual([]);
  });

  it('lose what does not fit into the buffer, and say so', async () => {
    const taken: number[] = [];
    let lost = 0;
    const backend = batched(
      (events) => void taken.push(events.length),
      { bufferSize: 3, maxBatchSize: 2, maxWait: 60_000 },
      (count) => {
        lost += count;
      },
    );
    for (let i = 0; i < 5; i++) expect(backend.process(event())).toBe(true);
    await backend.close();
    expect(taken).toEqual([2, 1]);
    expect(lost).toBe(2);
  });

  it('hand a batch on while another is still under way, where they may', async () => {
    const taken: number[] = [];
    let answer = () => {};
    const first = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const both = new Promise<void>((resolve) => {
      const backend = batched(
        async (events) => {
          taken.push(events.length);
          if (taken.length === 1) return first;
          resolve();
        },
        { bufferSize: 10, maxBatchSize: 2, maxWait: 0, atOnce: 2 },
        () => undefined,
      );
      for (let i = 0; i < 4; i++) void backend.process(event());
    });
    await both;
    expect(taken).toEqual([2, 2]);
    answer();
  });

  it('never put a log aside whose size has no limit', async () => {
    await writeFile(at('policy.yaml'), policy([{ level: 'Metadata' }]));
    const flags = apiServerFlags.parse([
      `--audit-policy-file=${at('policy.yaml')}`,
      `--audit-log-path=${at('logs/a.log')}`,
    ]).values;
    expect(flags['audit-log-maxage']).toBe(366);
    expect(flags['audit-log-maxbackup']).toBe(100);
    expect(flags['audit-log-maxsize']).toBe(100);
    const auditing = auditingOf({ ...flags, 'audit-log-maxsize': 0 }, new Registry(), { warn: () => undefined })!;
    for (let i = 0; i < 2; i++) await auditing.backends[0]!.process(event({ requestURI: 'x'.repeat(60 << 20) }));
    await auditing.backends[0]!.close();
    expect(await readdir(at('logs'))).toEqual(['a.log']);
    expect((await stat(at('logs'))).mode & 0o777).toBe(0o700);
  });

  it('count what is lost by the part that lost it', async () => {
    await writeFile(at('policy.yaml'), policy([{ level: 'Metadata' }]));
    const { values } = apiServerFlags.parse([
      `--audit-policy-file=${at('policy.yaml')}`,
      `--audit-log-path=${at('a.log')}`,
      '--audit-log-maxsize=1',
      '--audit-log-mode=batch',
      '--audit-log-batch-buffer-size=1',
      '--audit-log-truncate-enabled',
      `--audit-log-truncate-max-event-size=${2 << 20}`,
    ]);
    const metrics = new Registry();
    const [backend] = auditingOf(values, metrics, { warn: () => undefined })!.backends;
    await backend!.process(event({ requestURI: 'x'.repeat(3 << 20) })); // too large for an event
    await backend!.process(event({ requestURI: 'x'.repeat(1 << 20) })); // too large for the file
    await backend!.process(event()); // too many
    await backend!.close();
    const { values: counts } = (await metrics.getMetricsAsJSON()).find(
      ({ name }) => name === 'apiserver_audit_error_total',
    )!;
    expect(Object.fromEntries(counts.map(({ labels, value }) => [labels.plugin, value]))).toEqual({
      truncate: 1,
      log: 1,
      buffered: 1,
    });
  });

  it('leave the objects of large events out, and drop what is still too large', async () => {
    const taken: AuditEvent[][] = [];
    let lost = 0;
    const sink = truncated(
      (events) => void taken.push([...events]),
      { maxEventSize: 600, maxBatchSize: 800 },
      (count) => {
        lost += count;
      },
    );
    await sink([
      event(),
      event({ requestObject: { data: 'x'.repeat(1000) } }),
      event({ requestURI: 'x'.repeat(1000) }),
      event(),
    ]);
    expect(taken.flat().length).toBe(3);
    expect(taken.length).toBe(2);
    expect(taken.flat()[1]).toMatchObject({ annotations: { 'audit.k8s.io/truncated': 'true' } });
    expect(lost).toBe(1);
  });

  it('do not try again what cannot get better', async () => {
    let attempts = 0;
    const fails = () => {
      attempts++;
      return Promise.reject(new Error('no'));
    };
    await expect(withRetries(fails, { initialBackoff: 1, mayPass: () => false, attempts: 3 })).rejects.toThrow('no');
    expect(attempts).toBe(1);
    await expect(withRetries(fails, { initialBackoff: 1, mayPass: () => true, attempts: 3 })).rejects.toThrow('no');
    expect(attempts).toBe(4);
  });
});
