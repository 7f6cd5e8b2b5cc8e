import { getPath } from '@coracle/api/meta/object';
import { describe, expect, it } from '@jest/globals';
import {
  allow,
  anyRule,
  configMap,
  deployment,
  deployments,
  ownWebhookServer,
  patching,
} from '../../testing/own-webhook-server.ts';

const { annotations, call, create, hook, register, unregister } = ownWebhookServer();

describe('mutating webhooks', () => {
  it('change the object one after the other, and again where a later change calls for it', async () => {
    hook.respond = (it) => {
      const seen = Object.keys(it.body.request.object.data ?? {}).length;
      const name = it.path.slice(1, 2);
      return patching({ op: 'add', path: `/data/${name}${seen}`, value: 'x' })(it);
    };
    await register('Mutating', { reinvocationPolicy: 'IfNeeded' }, 'a');
    await register('Mutating', {}, 'b');
    const made = await create(configMap({ data: { first: '1' } }));
    expect(made.body.data).toEqual({ first: '1', a1: 'x', b2: 'x', a3: 'x' });
    expect(hook.received.map(({ path }) => path[1])).toEqual(['a', 'b', 'a']);
    expect(JSON.parse(annotations.get('mutation.webhook.admission.k8s.io/round_1_index_0')!)).toEqual({
      configuration: 'a',
      webhook: 'a.example.com',
      mutated: true,
    });
  });

  it('have their answers decoded, defaulted and validated', async () => {
    hook.respond = patching({
      op: 'add',
      path: '/spec/containers/-',
      value: { name: 'side', image: 'busybox', nonsense: 1 },
    });
    await register('Mutating', { rules: [{ ...anyRule, resources: ['pods'] }] });
    const pod = (name: string) => ({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    const made = await call('POST', '/api/v1/namespaces/default/pods', pod('patched'));
    expect(made.body.spec.containers[1]).toMatchObject({ name: 'side', imagePullPolicy: 'Always' });
    expect(made.body.spec.containers[1].nonsense).toBeUndefined();
    hook.respond = patching({ op: 'replace', path: '/spec/containers/0/name', value: 'Not Valid' });
    expect((await call('POST', '/api/v1/namespaces/default/pods', pod('broken'))).body).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'spec.containers[0].name' }] },
    });
  });

  it('that make it another state that is written over are a conflict, and so is a patch of it', async () => {
    const made = configMap();
    await create(made);
    const path = `/api/v1/namespaces/default/configmaps/${made.metadata.name}`;
    hook.respond = patching({ op: 'add', path: '/metadata/resourceVersion', value: '1' });
    await register('Mutating');
    const conflict = {
      code: 409,
      reason: 'Conflict',
      message: `Operation cannot be fulfilled on configmaps "${made.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
    };
    expect((await call('PUT', path, { ...made, data: { a: 'b' } })).body).toMatchObject(conflict);
    const merge = { 'content-type': 'application/merge-patch+json' };
    expect((await call('PATCH', path, { data: { a: 'b' } }, merge)).body).toMatchObject(conflict);
    expect((await call('PUT', `${path}?dryRun=All`, { ...made, data: { a: 'b' } })).body).toMatchObject(conflict);
    hook.respond = patching({ op: 'add', path: '/metadata/resourceVersion', value: '0' });
    expect((await call('PUT', path, { ...made, data: { a: 'b' } })).status).toBe(200);
  });

  const unknown = 'is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"';
  it.each<[string, object, string, string]>([
    ['what there is not', { value: 'Thing' }, 'InternalError', `Internal error occurred: no kind "Thing" ${unknown}`],
    ['another thing', { value: 'Secret' }, '', 'converting (v1.Secret) to (core.ConfigMap): unknown conversion'],
    [
      'what is of no version',
      { path: '/apiVersion', value: 'a/b/c' },
      'InternalError',
      'Internal error occurred: unexpected GroupVersion string: a/b/c',
    ],
    [
      'what does not say what it is',
      { value: 1 },
      'InternalError',
      "Internal error occurred: couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
    ],
  ])('cannot make of an object %s', async (_title, change, reason, message) => {
    hook.respond = patching({ op: 'replace', path: '/kind', ...change });
    await register('Mutating');
    const { body } = await create();
    expect(body).toMatchObject({ code: 500, message });
    expect(body.reason ?? '').toBe(reason);
  });

  it('may answer with an object in another version', async () => {
    const scaler = (target: string) => ({
      metadata: { name: target },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } },
    });
    hook.respond = patching(
      { op: 'replace', path: '/apiVersion', value: 'autoscaling/v2' },
      {
        op: 'add',
        path: '/spec/metrics',
        value: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 7 } } },
        ],
      },
    );
    await register('Mutating', { rules: [{ ...anyRule, resources: ['horizontalpodautoscalers'] }] });
    const path = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
    expect((await call('POST', path, scaler('web'))).body).toMatchObject({
      apiVersion: 'autoscaling/v1',
      spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 7 },
    });
  });

  it('may set how many replicas a Scale asks for', async () => {
    hook.respond = patching({ op: 'replace', path: '/spec/replicas', value: 2 });
    await register('Mutating', { rules: [{ ...anyRule, resources: ['deployments/scale'] }] });
    await call('POST', deployments, deployment);
    const scaled = await call(
      'PATCH',
      `${deployments}/web/scale`,
      { spec: { replicas: 9 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(scaled.body.spec).toEqual({ replicas: 2 });
  });

  it.each<[string, object, string, unknown]>([
    [
      'resize',
      { containers: [{ name: 'app', resources: { requests: { cpu: '2' } } }] },
      '/spec/containers/0/resources/requests/cpu',
      '3',
    ],
    [
      'ephemeralcontainers',
      { ephemeralContainers: [{ name: 'debug', image: 'tools' }] },
      '/spec/ephemeralContainers/0/image',
      'other',
    ],
  ])('may change what a request for pods/%s asks for, and see what comes of it', async (part, spec, path, value) => {
    const pods = '/api/v1/namespaces/default/pods';
    const name = `guest-of-${part}`;
    await call('POST', '/api/v1/nodes', {
      metadata: { name: 'n', labels: { 'kubernetes.io/os': 'linux' } },
      status: { allocatable: { cpu: '4' } },
    });
    await call('POST', pods, {
      metadata: { name },
      spec: { nodeName: 'n', containers: [{ name: 'app', image: 'i', resources: { requests: { cpu: '1' } } }] },
    });
    const change = patching(
      { op: 'replace', path, value },
      { op: 'add', path: '/metadata/labels', value: { kept: 'out' } },
    );
    hook.respond = (received) => (received.path.startsWith('/first') ? change(received) : allow()(received));
    const rules = [{ ...anyRule, resources: [`pods/${part}`] }];
    await register('Mutating', { rules }, 'first');
    await register('Validating', { rules }, 'second');
    const answer = await call(
      'PATCH',
      `${pods}/${name}/${part}`,
      { spec },
      {
        'content-type': 'application/strategic-merge-patch+json',
      },
    );
    expect(answer.status).toBe(200);
    const at = (object: unknown) => getPath(object, path.slice(1).replaceAll('/', '.'));
    expect(at(answer.body)).toBe(value);
    expect(answer.body.metadata.labels).toBeUndefined();
    const [asked, shown] = hook.received.map(({ body }) => body.request);
    expect(asked).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      subResource: part,
      requestSubResource: part,
      operation: 'UPDATE',
      name,
      oldObject: { kind: 'Pod', spec: { containers: [{ resources: { requests: { cpu: '1' } } }] } },
      options: { kind: 'PatchOptions' },
    });
    expect(at(shown.object)).toBe(value);
    expect(shown.object.metadata.labels).toBeUndefined();
  });

  it.each<[string, ReturnType<typeof allow>, string]>([
    ['does not fit', patching({ op: 'remove', path: '/data/none' }), 'doc is missing path'],
    ['has no type', allow({ patch: 'W10=' }), 'webhook returned response.patch but not response.patchType'],
    ['is of a type nobody knows', allow({ patch: 'W10=', patchType: 'Merge' }), 'unsupported patch type "Merge"'],
    [
      'copies without end',
      patching(
        { op: 'add', path: '/data', value: { a: 'x'.repeat(1 << 20) } },
        ...Array.from({ length: 9 }, (_, i) => ({ op: 'copy', from: '/data/a', path: `/data/b${i}` })),
      ),
      'Unable to copy, the accumulated size increase of copy is',
    ],
  ])('fail with a patch that %s', async (_name, respond, message) => {
    hook.respond = respond;
    await register('Mutating');
    const answer = await create();
    expect(answer.status).toBe(500);
    expect(answer.body.message).toContain(message);
  });

  it('that sends no patch as its patch fails the call, which failurePolicy Ignore forgives', async () => {
    const patch = (text: string) => allow({ patchType: 'JSONPatch', patch: Buffer.from(text).toString('base64') });
    hook.respond = patch('{"op":"add"}');
    await register('Mutating');
    expect((await create()).body).toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "test.example.com": received undecodable patch in webhook response: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    });
    await unregister();
    await register('Mutating', { failurePolicy: 'Ignore' });
    expect((await create()).status).toBe(201);
    expect(annotations.get('failed-open.mutation.webhook.admission.k8s.io/round_0_index_0')).toBe('test.example.com');
    // One that does not fit the object is no failure of the call.
    hook.respond = patching({ op: 'remove', path: '/data/none' });
    expect((await create()).body).toMatchObject({ code: 500, reason: 'InternalError' });
  });

  it('may change the options of a CONNECT, and see what comes of it', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    const containers = ['first', 'second'].map((name) => ({ name, image: 'i' }));
    await call('POST', pods, { metadata: { name: 'entered' }, spec: { nodeName: 'gone', containers } });
    const change = patching(
      { op: 'replace', path: '/container', value: 'third' },
      { op: 'add', path: '/command/-', value: '-c' },
    );
    hook.respond = (received) => (received.path.startsWith('/first') ? change(received) : allow()(received));
    const rules = [{ ...anyRule, operations: ['CONNECT'], resources: ['pods/exec'] }];
    await register('Mutating', { rules }, 'first');
    await register('Validating', { rules }, 'second');
    const answer = await call('POST', `${pods}/entered/exec?container=first&command=sh&stdout=true`);
    expect(answer.body).toMatchObject({ code: 400, message: 'container third is not valid for pod entered' });
    expect(hook.received[1]!.body.request.object).toEqual({
      kind: 'PodExecOptions',
      apiVersion: 'v1',
      stdout: true,
      container: 'third',
      command: ['sh', '-c'],
    });
  });

  it('cannot move an object to another namespace', async () => {
    const elsewhere = '/api/v1/namespaces/kube-system/configmaps';
    const there = (await create()).body.metadata;
    const merge = { 'content-type': 'application/merge-patch+json' };
    const change = (labels: object) =>
      call('PATCH', `/api/v1/namespaces/default/configmaps/${there.name}`, { metadata: { labels } }, merge);
    const refused = {
      code: 400,
      reason: 'BadRequest',
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    };
    await register('Mutating', { rules: [{ ...anyRule, resources: ['configmaps', 'nodes'] }] });
    hook.respond = patching({ op: 'add', path: '/metadata/namespace', value: 'kube-system' });
    const moved = configMap();
    expect((await create(moved)).body).toMatchObject(refused);
    expect((await call('GET', `${elsewhere}/${moved.metadata.name}`)).status).toBe(404);
    expect((await change({ a: 'b' })).body).toMatchObject(refused);
    const node = await call('POST', '/api/v1/nodes', { metadata: { name: 'placed' } });
    expect(node.status).toBe(201);
    expect(node.body.metadata.namespace).toBeUndefined();
    hook.respond = patching({ op: 'remove', path: '/metadata/namespace' });
    expect((await create()).body.metadata.namespace).toBe('default');
    expect((await change({ a: 'b' })).body.metadata).toMatchObject({ namespace: 'default', labels: { a: 'b' } });
  });

  it('cannot change what is being deleted', async () => {
    const { name } = (await create()).body.metadata;
    hook.respond = patching({ op: 'add', path: '/x', value: 1 });
    await register('Mutating');
    const answer = await call('DELETE', `/api/v1/namespaces/default/configmaps/${name}`);
    expect(answer.body.message).toBe(
      'Internal error occurred: admission webhook "test.example.com" attempted to modify the object, which is not supported for this operation',
    );
  });
});
