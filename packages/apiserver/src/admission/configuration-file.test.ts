import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate } from '@coracle/process/pki';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { alwaysAllow } from '../chain/authorization/authorizer.ts';
import { callsTo } from '../testing/http.ts';
import { type HttpsServer, type Received, startHttpsServer } from '../testing/https-server.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { endpointResolver } from '../webhooks/service-resolver.ts';
import { builtinAdmission, configurationParsers } from './builtin.ts';
import type { PluginConfigurations } from './configuration.ts';
import { readAdmissionConfiguration } from './configuration-file.ts';
import { webhookMetrics } from './webhook/metrics.ts';

const folder = mkdtempSync(join(tmpdir(), 'admission-configuration-'));
const servers: TestServer[] = [];
let hook: HttpsServer;
beforeAll(async () => {
  hook = await startHttpsServer(() => ({}));
});
afterEach(() => {
  (hook.received as Received[]).length = 0;
});
afterAll(async () => {
  await Promise.all(servers.map((each) => each.close()));
  await hook.close();
  rmSync(folder, { recursive: true });
});

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const read = (...plugins: object[]): Promise<PluginConfigurations> =>
  readAdmissionConfiguration(
    write('admission.yaml', { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins }),
    configurationParsers,
  );

async function serving(configurations: PluginConfigurations, ...enable: string[]) {
  const api = await startApiServer({
    plugins: (registry) => {
      const kinds = () => registry.scheme;
      const metrics = new MetricsRegistry();
      const log = { warn: () => undefined };
      const resolve = endpointResolver(registry);
      const webhooks = { objects: registry, kinds, resolve, metrics: webhookMetrics(metrics), log };
      const disable = ['ServiceAccount'];
      return builtinAdmission({ authorizer: alwaysAllow, webhooks, kinds, metrics, configurations, enable, disable });
    },
  });
  servers.push(api);
  return callsTo(api.url);
}

const podSecurity = { apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration' };
const web = (image = 'x') => ({ metadata: { name: 'web' }, spec: { containers: [{ name: 'c', image }] } });
const pods = '/api/v1/namespaces/default/pods';

/** A kubeconfig for the HTTPS server. */
const kubeconfig = (name: string, users: object[]) =>
  write(name, {
    clusters: [{ name: 'c', cluster: { server: `${hook.url}/review`, 'certificate-authority-data': hook.caBundle } }],
    users,
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'images' } }],
    'current-context': 'x',
  });

describe('the configuration of admission', () => {
  it('stands in the file, or beside it', async () => {
    write('security.yaml', { ...podSecurity, defaults: { enforce: 'restricted', 'enforce-version': 'v1.30' } });
    const call = await serving(await read({ name: 'PodSecurity', path: 'security.yaml' }));
    expect((await call('POST', pods, web())).body.message).toContain('violates PodSecurity "restricted:v1.30": ');
    const exempting = { ...podSecurity, defaults: { enforce: 'restricted' }, exemptions: { namespaces: ['default'] } };
    const lenient = await serving(await read({ name: 'PodSecurity', configuration: exempting }));
    expect((await lenient('POST', pods, web())).status).toBe(201);
  });

  it.each<[string, object, string]>([
    [
      'a plugin',
      { name: 'PodSecure', configuration: {} },
      'failed to apply admission: unknown admission plugin: PodSecure',
    ],
    [
      'one that takes none',
      { name: 'Priority', configuration: {} },
      'failed to apply admission: couldn\'t init admission plugin "Priority": it takes no configuration',
    ],
    ['a field', { name: 'PodSecurity', configuration: { ...podSecurity, default: {} } }, 'unknown field "default"'],
    [
      'a kind',
      { name: 'PodSecurity', configuration: { ...podSecurity, kind: 'Pod' } },
      'admission plugin "PodSecurity": no kind "Pod" is registered for version "pod-security.admission.config.k8s.io/v1"',
    ],
    [
      'a level',
      {
        name: 'PodSecurity',
        configuration: { ...podSecurity, defaults: { warn: 'x' }, exemptions: { usernames: [''] } },
      },
      '[defaults.warn: Invalid value: "x": must be one of privileged, baseline, restricted, exemptions.usernames[0]: Required value]',
    ],
    [
      'a limit',
      {
        name: 'EventRateLimit',
        configuration: {
          apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
          kind: 'Configuration',
          limits: [{ type: 'Host', qps: 1, burst: 0 }],
        },
      },
      'limits[0].type: Unsupported value: "Host"',
    ],
    [
      'a selector',
      { name: 'PodNodeSelector', configuration: { podNodeSelectorPluginConfig: { a: 'b' } } },
      'invalid selector: [b]',
    ],
    [
      'a toleration',
      {
        name: 'PodTolerationRestriction',
        configuration: {
          apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1',
          kind: 'Configuration',
          whitelist: [{ key: 'a', operator: 'Exists', value: 'b' }],
        },
      },
      'invalid config: [podtolerationrestriction.whitelist[0].operator: Invalid value: {"Key":"a","Operator":"Exists","Value":"b","Effect":"","TolerationSeconds":null}: value must be empty when `operator` is \'Exists\']',
    ],
    [
      'a time',
      { name: 'ImagePolicyWebhook', configuration: { imagePolicy: { kubeConfigFile: '/x', allowTTL: 9999 } } },
      'couldn\'t init admission plugin "ImagePolicyWebhook": valid value is between 1s and 30m0s, got 2h46m39s',
    ],
    [
      'a pause',
      { name: 'ImagePolicyWebhook', configuration: { imagePolicy: { kubeConfigFile: '/x', retryBackoff: -2 } } },
      'couldn\'t init admission plugin "ImagePolicyWebhook": valid value is between 1ns and 5m0s, got -2ms',
    ],
    ['a file', { name: 'PodSecurity', path: 'gone.yaml' }, 'admission plugin "PodSecurity": gone.yaml: ENOENT'],
  ])('is refused for %s it cannot have', async (_, plugin, why) => {
    await expect(read(plugin)).rejects.toThrow(why);
  });
});

describe('webhooks', () => {
  it('are shown the credentials of the user named after them', async () => {
    const { certificate, key } = await issueCertificate({
      authority: hook.authority,
      commonName: 'api',
      usages: ['client'],
      days: 1,
    });
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    const shown = { 'client-certificate-data': encoded(certificate), 'client-key-data': encoded(key) };
    const users = [
      { name: `127.0.0.1:${hook.port}`, user: { token: 'secret', ...shown } },
      { name: 'hook.shop.svc', user: { token: 'exact' } },
      { name: '*.shop.svc:8443', user: { token: 'port' } },
      { name: '*.svc', user: { token: 'cluster' } },
      { name: '*', user: { username: 'u', password: 'p' } },
    ];
    const configuration = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'WebhookAdmissionConfiguration',
      kubeConfigFile: kubeconfig('hooks.yaml', users),
    };
    const configurations = await read({ name: 'ValidatingAdmissionWebhook', configuration });
    const credentialsFor = configurations.get('ValidatingAdmissionWebhook') as (
      host: string,
      port: number,
    ) => {
      headers(): Promise<object>;
    };
    const found = async (host: string, port: number) =>
      Object.values((await credentialsFor(host, port).headers()) as Record<string, string>)[0];
    expect(await found('hook.shop.svc', 443)).toBe('Bearer exact');
    expect(await found('hook.shop.svc', 8443)).toBe('Bearer port');
    expect(await found('other.shop.svc', 443)).toBe('Bearer cluster');
    expect(await found('other.shop.svc', 9443)).toBe('Basic dTpw');
    expect(await found('example.com', 443)).toBe('Basic dTpw');
    hook.respond = ({ body }) => ({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      response: { uid: body.request.uid, allowed: true },
    });
    const call = await serving(configurations);
    await call('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
      metadata: { name: 'h' },
      webhooks: [
        {
          name: 'h.example.com',
          clientConfig: { url: `${hook.url}/h`, caBundle: hook.caBundle },
          rules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    expect((await call('POST', pods, web())).status).toBe(201);
    expect(hook.received[0]).toMatchObject({ headers: { authorization: 'Bearer secret' }, client: 'api' });
  });
});

describe('ImagePolicyWebhook', () => {
  it('asks the webhook of its file, and remembers the answer', async () => {
    hook.respond = ({ body }) => {
      const allowed = body.spec.containers.every(({ image }: { image: string }) => image !== 'evil');
      return { ...body, status: allowed ? { allowed } : { allowed, reason: 'not signed' } };
    };
    const file = kubeconfig('images.yaml', [{ name: 'images', user: { token: 't' } }]);
    const configuration = { imagePolicy: { kubeConfigFile: file, allowTTL: 50, denyTTL: 50 } };
    const call = await serving(await read({ name: 'ImagePolicyWebhook', configuration }), 'ImagePolicyWebhook');
    const named = (name: string, image: string) => ({
      ...web(image),
      metadata: { name, annotations: { 'my.image-policy.k8s.io/ticket': '1', other: 'x' } },
    });
    expect((await call('POST', pods, named('a', 'good'))).status).toBe(201);
    expect((await call('POST', pods, named('b', 'good'))).status).toBe(201);
    expect(hook.received).toHaveLength(1);
    expect(hook.received[0]).toMatchObject({
      path: '/review?timeout=30s',
      headers: { authorization: 'Bearer t' },
      body: {
        kind: 'ImageReview',
        apiVersion: 'imagepolicy.k8s.io/v1alpha1',
        metadata: {},
        spec: {
          containers: [{ image: 'good' }],
          annotations: { 'my.image-policy.k8s.io/ticket': '1' },
          namespace: 'default',
        },
      },
    });
    expect((await call('POST', pods, named('c', 'evil'))).body.message).toBe(
      'pods "c" is forbidden: image policy webhook backend denied one or more images: not signed',
    );
  });

  it('asks of the containers that a request can bring', async () => {
    hook.respond = ({ body }) => ({ ...body, status: { allowed: true } });
    const configuration = {
      imagePolicy: { kubeConfigFile: kubeconfig('brought.yaml', [{ name: 'images', user: {} }]) },
    };
    const call = await serving(await read({ name: 'ImagePolicyWebhook', configuration }), 'ImagePolicyWebhook');
    await call('POST', pods, web('first'));
    const patch = { 'content-type': 'application/strategic-merge-patch+json' };
    const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'shell' }] } };
    expect((await call('PATCH', `${pods}/web/ephemeralcontainers`, debug, patch)).status).toBe(200);
    const second = { spec: { containers: [{ name: 'c', image: 'second' }] } };
    expect((await call('PATCH', `${pods}/web`, second, patch)).status).toBe(200);
    expect(hook.received.map(({ body }) => body.spec.containers)).toEqual([
      [{ image: 'first' }],
      [{ image: 'shell' }],
      [{ image: 'second' }],
    ]);
  });

  it('lets pods in while the webhook fails, where it is told to', async () => {
    hook.respond = () => ({ raw: 'no', code: 404 });
    const file = kubeconfig('failing.yaml', [{ name: 'images', user: {} }]);
    const told = (defaultAllow: boolean) =>
      read({
        name: 'ImagePolicyWebhook',
        configuration: { imagePolicy: { kubeConfigFile: file, defaultAllow, retryBackoff: 1 } },
      });
    const closed = await serving(await told(false), 'ImagePolicyWebhook');
    expect((await closed('POST', pods, web())).status).toBe(403);
    const open = await serving(await told(true), 'ImagePolicyWebhook');
    expect((await open('POST', pods, web())).status).toBe(201);
  });
});
