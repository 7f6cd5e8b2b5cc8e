import { describe, expect, it } from '@jest/globals';
import { type Received, startHttpsServer } from '../../testing/https-server.ts';
import {
  allow,
  anyRule,
  configMap,
  deny,
  deployment,
  deployments,
  ownWebhookServer,
  patching,
} from '../../testing/own-webhook-server.ts';

const { annotations, call, create, hook, metrics, register, unregister } = ownWebhookServer();

describe('a validating webhook', () => {
  it('is asked with a whole AdmissionReview, about creates, updates and deletes', async () => {
    await register('Validating');
    const object = configMap({ data: { a: '1' } });
    const { name } = object.metadata;
    await create(object, '?fieldManager=me');
    await call('PUT', `/api/v1/namespaces/default/configmaps/${name}`, { ...object, data: { a: '2' } });
    await call('DELETE', `/api/v1/namespaces/default/configmaps/${name}`, undefined);
    const [created, updated, deleted] = hook.received.map(({ body }) => body.request);
    expect(hook.received[0]).toMatchObject({ path: '/test?timeout=10s', headers: { accept: 'application/json, */*' } });
    const about = { group: '', version: 'v1' };
    expect(created).toEqual({
      uid: expect.any(String),
      kind: { ...about, kind: 'ConfigMap' },
      resource: { ...about, resource: 'configmaps' },
      requestKind: { ...about, kind: 'ConfigMap' },
      requestResource: { ...about, resource: 'configmaps' },
      name,
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'alice', uid: 'a1', groups: ['devs'], extra: { team: ['x'] } },
      object: expect.objectContaining({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } }),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
    });
    expect(updated).toMatchObject({
      operation: 'UPDATE',
      object: { data: { a: '2' } },
      oldObject: { data: { a: '1' } },
    });
    expect(deleted).toMatchObject({
      operation: 'DELETE',
      object: null,
      oldObject: { data: { a: '2' } },
      options: { kind: 'DeleteOptions' },
    });
    expect(new Set(hook.received.map(({ connection }) => connection)).size).toBe(1);
  });

  it.each<[string, object | undefined, number, object]>([
    [
      'no reason',
      undefined,
      400,
      { message: 'admission webhook "test.example.com" denied the request without explanation' },
    ],
    [
      'its words',
      { message: 'no', code: 403, reason: 'Forbidden', details: { causes: [{ message: 'x' }] } },
      403,
      {
        message: 'admission webhook "test.example.com" denied the request: no',
        reason: 'Forbidden',
        details: { causes: [{ message: 'x' }] },
      },
    ],
    [
      'a reason and a code that is no error',
      { reason: 'Odd', code: 200, status: 'Success' },
      400,
      { message: 'admission webhook "test.example.com" denied the request: Odd', reason: 'Odd', status: 'Failure' },
    ],
  ])('refuses a request with %s', async (_name, status, code, expected) => {
    hook.respond = deny(status);
    await register('Validating');
    const answer = await create();
    expect(answer.status).toBe(code);
    expect(answer.body).toMatchObject({ kind: 'Status', ...expected, code });
  });

  it('hands warnings and audit annotations on', async () => {
    hook.respond = allow({ warnings: ['careful'], auditAnnotations: { level: 'high' } });
    await register('Validating');
    const answer = await create();
    expect(answer.status).toBe(201);
    expect(answer.headers.get('warning')).toBe('299 - "careful"');
    expect(annotations.get('test.example.com/level')).toBe('high');
  });

  it.each<
    [
      string,
      (
        it: Received,
      ) => ReturnType<ReturnType<typeof allow>> | { raw: string; code?: number; headers?: Record<string, string> },
      string,
    ]
  >([
    [
      'another uid',
      (it) => ({ ...allow({ uid: 'other' })(it) }),
      'received invalid webhook response: expected response.uid=',
    ],
    [
      'another kind',
      (it) => ({ ...allow()(it), kind: 'Review' }),
      'failed to call webhook: no kind "Review" is registered for version "admission.k8s.io/v1" in scheme "k8s.io/apiserver/pkg/util/webhook/client.go:71"',
    ],
    [
      'no kind',
      (it) => ({ ...allow()(it), kind: '' }),
      'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1, Kind=',
    ],
    ['a patch', patching(), 'received invalid webhook response: validating webhook may not return response.patch'],
    ['nothing', () => ({ raw: '' }), 'failed to call webhook: 0-length response with status code: 200'],
    ['no JSON', () => ({ raw: 'hello' }), "failed to call webhook: couldn't get version/kind; json parse error: "],
    [
      'an error page',
      () => ({ raw: 'oops', code: 500, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
      'failed to call webhook: an error on the server ("oops") has prevented the request from succeeding',
    ],
    [
      'a redirect to nowhere',
      () => ({ raw: '', code: 302 }),
      'failed to call webhook: the server responded with the status code 302 but did not return more information',
    ],
  ])('that answers with %s fails the call, which failurePolicy Ignore forgives', async (_name, respond, message) => {
    hook.respond = respond;
    await register('Validating');
    const refused = await create();
    expect(refused.status).toBe(500);
    expect(refused.body.message).toContain(
      `Internal error occurred: failed calling webhook "test.example.com": ${message}`,
    );
    expect(hook.received.length).toBe(1);
    await unregister();
    await register('Validating', { failurePolicy: 'Ignore' });
    expect((await create()).status).toBe(201);
    expect(annotations.get('failed-open.validating.webhook.admission.k8s.io/round_0_index_0')).toBe('test.example.com');
  });

  it('that does not answer fails when its time is over', async () => {
    hook.respond = () => undefined;
    await register('Validating', { timeoutSeconds: 1 });
    expect((await create()).body.message).toBe(
      `Internal error occurred: failed calling webhook "test.example.com": failed to call webhook: Post "${hook.url}/test?timeout=1s": context deadline exceeded`,
    );
  });

  it('has no more time than the request', async () => {
    hook.respond = () => undefined;
    await register('Validating', { timeoutSeconds: 30 });
    const late = await create(configMap(), '?timeout=500ms');
    expect(late.status).toBe(504);
    expect(late.text).toContain('request did not complete within the allotted timeout');
    expect(hook.received[0]!.path).toBe('/test?timeout=1s');
  });

  it.each([429, 500, 503])('that answers %i and asks to be asked again is, a few times', async (code) => {
    const later = { raw: '', code, headers: { 'retry-after': '0' } };
    hook.respond = (received) => (hook.received.length < 3 ? later : allow()(received));
    await register('Validating');
    expect((await create()).status).toBe(201);
    expect(hook.received.length).toBe(3);
    expect(new Set(hook.received.map(({ body }) => body.request.uid)).size).toBe(1);
    hook.respond = () => later;
    expect((await create()).body).toMatchObject({ code: 500, reason: 'InternalError' });
    expect(hook.received.length).toBe(3 + 11);
  });

  it('that asks for more time than there is fails when the time is over', async () => {
    hook.respond = () => ({ raw: '', code: 429, headers: { 'retry-after': '60' } });
    await register('Validating', { timeoutSeconds: 1 });
    expect((await create()).body.message).toContain('context deadline exceeded');
    expect(hook.received.length).toBe(1);
  });

  it('must have a certificate of the authority in caBundle', async () => {
    const other = await startHttpsServer(allow());
    await register('Validating', { clientConfig: { url: `${other.url}/`, caBundle: hook.caBundle } });
    expect((await create()).body.message).toContain(
      `Post "${other.url}/?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    );
    expect(other.received.length).toBe(0);
    await other.close();
  });

  it.each([
    ['\n', 'unable to parse bytes as PEM block'],
    [
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'failed to parse certificate: x509: malformed certificate',
    ],
  ])('is not asked where its caBundle holds no certificate: %j', async (pem, problem) => {
    const caBundle = Buffer.from(pem).toString('base64');
    await register('Validating', { clientConfig: { url: `${hook.url}/test`, caBundle } });
    const refused = await create();
    expect(refused.body).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message: `Internal error occurred: failed calling webhook "test.example.com": could not get REST client: unable to load root certificates: ${problem}`,
    });
    expect(hook.received).toEqual([]);
  });

  it('can be a Service, by its name and one of its endpoints', async () => {
    await register('Validating', {
      clientConfig: { service: { namespace: 'default', name: 'hook', path: '/in' }, caBundle: hook.caBundle },
    });
    const refused = await create();
    expect(refused.body.message).toContain(
      'Post "https://hook.default.svc:443/in?timeout=10s": service "hook" not found',
    );
    await call('POST', '/api/v1/namespaces/default/services', {
      metadata: { name: 'hook' },
      spec: { ports: [{ port: 443, targetPort: 8443 }] },
    });
    expect((await create()).body.message).toContain('no endpoints available for service "hook"');
    await call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      metadata: { name: 'hook', labels: { 'kubernetes.io/service-name': 'hook' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'] }],
      ports: [{ port: hook.port }],
    });
    expect((await create()).status).toBe(201);
    expect(hook.received[0]).toMatchObject({ path: '/in?timeout=10s', headers: { host: 'hook.default.svc:443' } });
  });

  it('with side effects does not see dry runs', async () => {
    await register('Validating', { sideEffects: 'NoneOnDryRun' });
    expect((await create(configMap(), '?dryRun=All')).status).toBe(201);
    expect(hook.received[0]!.body.request.dryRun).toBe(true);
  });

  it('is not asked about webhook configurations', async () => {
    hook.respond = deny();
    await register('Validating', { rules: [{ ...anyRule, resources: ['*/*'] }] });
    expect((await create()).status).toBe(400);
    await register('Mutating', { namespaceSelector: { matchLabels: { none: 'such' } } }, 'second');
  });

  it('is asked about subresources that its rules name', async () => {
    await register('Validating', { rules: [{ ...anyRule, resources: ['deployments/scale'] }] });
    await call('POST', deployments, deployment);
    expect(hook.received.length).toBe(0);
    const scaled = await call(
      'PATCH',
      `${deployments}/web/scale`,
      { spec: { replicas: 3 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(scaled.status).toBe(200);
    expect(hook.received[0]!.body.request).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      subResource: 'scale',
      requestSubResource: 'scale',
      object: { kind: 'Scale', spec: { replicas: 3 } },
      oldObject: { spec: { replicas: 1 } },
    });
  });

  it('sees other versions of what its rules name, where matchPolicy is Equivalent', async () => {
    const rules = [{ ...anyRule, apiGroups: [''], resources: ['events'] }];
    const event = {
      metadata: { name: 'e-1', namespace: 'default' },
      eventTime: '2026-01-02T03:04:05.000000Z',
      reportingController: 'c',
      reportingInstance: 'i',
      action: 'a',
      reason: 'r',
      type: 'Normal',
      note: 'hello',
      regarding: { namespace: 'default' },
    };
    const path = '/apis/events.k8s.io/v1/namespaces/default/events';
    await register('Validating', { rules, matchPolicy: 'Exact' });
    expect((await call('POST', path, event)).status).toBe(201);
    expect(hook.received.length).toBe(0);
    await register('Validating', { rules }, 'second');
    event.metadata.name = 'e-2';
    expect((await call('POST', path, event)).status).toBe(201);
    expect(hook.received[0]!.body.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'Event' },
      requestKind: { group: 'events.k8s.io', version: 'v1', kind: 'Event' },
      object: { apiVersion: 'v1', message: 'hello' },
    });
  });

  it('is asked about what its selectors select only', async () => {
    await register('Validating', {
      objectSelector: { matchLabels: { watched: 'yes' } },
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] }],
      },
    });
    const labels = { watched: 'yes' };
    await create();
    await call('POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'x', labels } });
    expect(hook.received.length).toBe(0);
    await create({ metadata: { name: 'watched', labels } });
    expect(hook.received.length).toBe(1);
  });
});

it('counts calls and refusals under the names upstream has for them', async () => {
  hook.respond = deny({ code: 700 });
  await register('Validating', {}, 'counted');
  await create();
  const text = await metrics.metrics();
  expect(text).toContain(
    'apiserver_admission_webhook_rejection_count{name="counted.example.com",type="validating",operation="CREATE",error_type="no_error",rejection_code="600"} 1',
  );
  expect(text).toContain(
    'apiserver_admission_webhook_request_total{name="counted.example.com",type="validating",operation="CREATE",code="600",rejected="true"} 1',
  );
  expect(text).toContain('apiserver_admission_webhook_fail_open_count{name="test.example.com",type="validating"}');
});
