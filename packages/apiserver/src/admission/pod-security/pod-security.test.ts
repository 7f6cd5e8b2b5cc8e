import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { Pod } from '@coracle/api/types/core/v1';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { type Answer, type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import { podSecurityMetrics } from './metrics.ts';
import { podSecurity } from './plugin.ts';
import { privileged } from './standard.ts';

const metrics = new MetricsRegistry();
const annotations = new Map<string, string>();
let user = 'alice';
let api: TestServer;
let call: Call;

beforeAll(async () => {
  api = await startApiServer({
    plugins: [
      podSecurity({
        metrics: podSecurityMetrics(metrics),
        defaults: { enforce: privileged, audit: privileged, warn: privileged },
        exemptions: {
          usernames: new Set(['robot']),
          namespaces: new Set(['exempt']),
          runtimeClasses: new Set(['kata']),
        },
      }),
    ],
    links: [
      async (context, next) => {
        context.user = { name: user, uid: '', groups: ['devs'], extra: {} };
        try {
          await next();
        } finally {
          for (const [key, value] of context.annotations) annotations.set(key, value);
        }
      },
    ],
  });
  call = callsTo(api.url);
});
afterAll(() => api.close());
afterEach(() => {
  annotations.clear();
  user = 'alice';
});

const key = (name: string) => `pod-security.kubernetes.io/${name}`;
const labelled = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [key(name), value]));
const namespace = (name: string, labels: Record<string, string> = {}) =>
  call('POST', '/api/v1/namespaces', { metadata: { name, labels: labelled(labels) } });
const pods = (at: string) => `/api/v1/namespaces/${at}/pods`;
const warnings = ({ headers }: Answer) =>
  [...(headers.get('warning') ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text]) =>
    text!.replaceAll('\\"', '"'),
  );

const loose = (name: string, spec: Partial<Pod['spec']> = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'a', image: 'x' }], ...spec },
});
const strict = (name: string) =>
  loose(name, {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'a',
        image: 'x',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  });
const looseness =
  'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
const looseReasons =
  'allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile';

describe('a namespace that enforces a standard', () => {
  beforeAll(async () => {
    await namespace('tight', { enforce: 'restricted', audit: 'restricted', warn: 'restricted' });
  });

  it('lets in pods that meet it', async () => {
    const made = await call('POST', pods('tight'), strict('good'));
    expect(made.status).toBe(201);
    expect(warnings(made)).toEqual([]);
    expect(Object.fromEntries(annotations)).toEqual({ [key('enforce-policy')]: 'restricted:latest' });
  });

  it('refuses others, and says all that is wrong', async () => {
    const refused = await call('POST', pods('tight'), loose('bad'));
    expect(refused.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `pods "bad" is forbidden: violates PodSecurity "restricted:latest": ${looseness}`,
      reason: 'Forbidden',
      details: { name: 'bad', kind: 'pods' },
      code: 403,
    });
    expect(warnings(refused)).toEqual([]);
    expect(Object.fromEntries(annotations)).toEqual({
      [key('enforce-policy')]: 'restricted:latest',
      [key('audit-violations')]: `would violate PodSecurity "restricted:latest": ${looseness}`,
    });
  });

  it('warns of workloads whose pods it would refuse', async () => {
    const { spec } = loose('');
    const made = await call('POST', '/apis/apps/v1/namespaces/tight/deployments', {
      metadata: { name: 'd' },
      spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec } },
    });
    expect(made.status).toBe(201);
    expect(warnings(made)).toEqual([`would violate PodSecurity "restricted:latest": ${looseness}`]);
    expect(Object.fromEntries(annotations)).toEqual({
      [key('audit-violations')]: `would violate PodSecurity "restricted:latest": ${looseness}`,
    });
    const job = { template: { spec: { ...spec, restartPolicy: 'Never' } } };
    const jobs = await call('POST', '/apis/batch/v1/namespaces/tight/cronjobs', {
      metadata: { name: 'c' },
      spec: { schedule: '0 0 * * *', jobTemplate: { spec: job } },
    });
    expect(warnings(jobs)).toEqual([`would violate PodSecurity "restricted:latest": ${looseness}`]);
    const scaled = await call(
      'PATCH',
      '/apis/apps/v1/namespaces/tight/deployments/d/scale',
      '{"spec":{"replicas":2}}',
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    expect([scaled.status, warnings(scaled)]).toEqual([200, []]);
  });

  it('lets through changes of old pods that standards do not look at', async () => {
    await api.registry.create(podKind, { metadata: { name: 'old', namespace: 'tight' }, spec: loose('').spec });
    const patch = (body: object) =>
      call('PATCH', `${pods('tight')}/old`, JSON.stringify(body), { 'content-type': 'application/merge-patch+json' });
    expect((await patch({ metadata: { labels: { a: 'b' } } })).status).toBe(200);
    const changed = await patch({ spec: { containers: [{ name: 'a', image: 'y' }] } });
    expect(changed.body.message).toContain('pods "old" is forbidden: violates PodSecurity "restricted:latest"');
  });
});

describe('a namespace that only warns', () => {
  it('warns of pods, and lets them in', async () => {
    await namespace('soft', { warn: 'baseline', 'warn-version': 'v1.36', audit: 'baseline' });
    const made = await call('POST', pods('soft'), loose('p', { hostNetwork: true }));
    expect(made.status).toBe(201);
    expect(warnings(made)).toEqual(['would violate PodSecurity "baseline:v1.36": host namespaces (hostNetwork=true)']);
    expect(Object.fromEntries(annotations)).toEqual({
      [key('enforce-policy')]: 'privileged:latest',
      [key('audit-violations')]: 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    });
  });
});

describe('a namespace without labels', () => {
  it('takes any pod', async () => {
    const made = await call('POST', pods('kube-system'), loose('any', { hostNetwork: true, hostPID: true }));
    expect([made.status, warnings(made)]).toEqual([201, []]);
    expect(Object.fromEntries(annotations)).toEqual({ [key('enforce-policy')]: 'privileged:latest' });
  });
});

describe('exemptions', () => {
  it('are of users, namespaces and runtime classes', async () => {
    await namespace('guarded', { enforce: 'restricted' });
    user = 'robot';
    expect((await call('POST', pods('guarded'), loose('a'))).status).toBe(201);
    expect(annotations.get(key('exempt'))).toBe('user');
    user = 'alice';
    annotations.clear();
    expect((await call('POST', pods('guarded'), loose('b', { runtimeClassName: 'kata' }))).status).toBe(201);
    expect(annotations.get(key('exempt'))).toBe('runtimeClass');
    annotations.clear();
    const made = await namespace('exempt', { enforce: 'baseline', warn: 'restricted' });
    expect(warnings(made)).toEqual([
      'namespace "exempt" is exempt from Pod Security, and the policy (enforce=baseline:latest, warn=restricted:latest) will be ignored',
    ]);
    expect((await call('POST', pods('exempt'), loose('c', { hostPID: true }))).status).toBe(201);
    expect(annotations.get(key('exempt'))).toBe('namespace');
  });
});

describe('labels of a namespace', () => {
  const relabel = (name: string, labels: Record<string, string | null>) =>
    call('PATCH', `/api/v1/namespaces/${name}`, JSON.stringify({ metadata: { labels } }), {
      'content-type': 'application/merge-patch+json',
    });

  it('must be ones that there are', async () => {
    const refused = await namespace('wrong', { enforce: 'strict', 'warn-version': 'v2' });
    expect([refused.status, refused.body.message]).toEqual([
      422,
      'Namespace "wrong" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v2": must be "latest" or "v1.x"]',
    ]);
  });

  it('that enforce more bring warnings of the pods there are', async () => {
    await namespace('growing');
    for (const name of ['web-2', 'web-1', 'web-3']) await call('POST', pods('growing'), loose(name));
    await call('POST', pods('growing'), loose('host', { hostNetwork: true }));
    await call('POST', pods('growing'), strict('fine'));
    const first = await relabel('growing', labelled({ enforce: 'restricted' }));
    expect(warnings(first)).toEqual([
      'existing pods in namespace "growing" violate the new PodSecurity enforce level "restricted:latest"',
      `host: host namespaces, ${looseReasons}`,
      `web-1 (and 2 other pods): ${looseReasons}`,
    ]);
    expect(warnings(await relabel('growing', labelled({ enforce: 'baseline' })))).toEqual([]);
    expect(warnings(await relabel('growing', labelled({ enforce: 'baseline', 'enforce-version': 'v1.20' })))).toEqual([
      'existing pods in namespace "growing" violate the new PodSecurity enforce level "baseline:v1.20"',
      'host: host namespaces',
    ]);
    const tried = await call(
      'PATCH',
      '/api/v1/namespaces/growing?dryRun=All',
      JSON.stringify({ metadata: { labels: { [key('enforce')]: 'restricted', [key('enforce-version')]: null } } }),
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(warnings(tried)[0]).toContain('violate the new PodSecurity enforce level "restricted:latest"');
  });
});

describe('the metrics', () => {
  it('count what was decided', async () => {
    const text = await metrics.metrics();
    expect(text).toMatch(
      /pod_security_evaluations_total\{decision="deny",policy_level="restricted",policy_version="latest",mode="enforce",request_operation="create",resource="pod",subresource=""\} [1-9]/,
    );
    expect(text).toMatch(
      /pod_security_evaluations_total\{decision="deny",policy_level="baseline",policy_version="v1.36",mode="warn",request_operation="create",resource="pod",subresource=""\} 1/,
    );
    expect(text).toMatch(/pod_security_exemptions_total\{request_operation="create",resource="pod",subresource=""\} 3/);
    expect(text).toContain('pod_security_errors_total');
  });
});
