import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { Container, EphemeralContainer, Pod, PodSpec } from '@coracle/api/types/core/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';

let server: TestServer;
let made = 0;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server?.close());

const small: Container = {
  name: 'c',
  image: 'i',
  resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
};
async function makePod(spec: Partial<PodSpec> = {}, annotations?: Record<string, string>): Promise<string> {
  const name = `pod-${made++}`;
  const metadata = { name, namespace: 'default', ...(annotations && { annotations }) };
  await server.client.create(podKind, { metadata, spec: { nodeName: 'n', containers: [small], ...spec } } as Pod);
  return name;
}
const patch = (name: string, part: string, body: unknown, query = '') =>
  callsTo(server.url)('PATCH', `/api/v1/namespaces/default/pods/${name}/${part}${query}`, body, {
    'content-type': 'application/strategic-merge-patch+json',
  });

describe('pods/ephemeralcontainers', () => {
  const guest = (more: Partial<EphemeralContainer> = {}) => ({ name: 'debug', image: 'tools', ...more });
  const add = (name: string, ...ephemeralContainers: EphemeralContainer[]) =>
    patch(name, 'ephemeralcontainers', { spec: { ephemeralContainers } });

  it('adds a container, with its defaults, and nothing else of what the request says', async () => {
    const name = await makePod();
    const { status, body } = await patch(name, 'ephemeralcontainers', {
      metadata: { labels: { a: 'b' } },
      spec: { ephemeralContainers: [guest({ targetContainerName: 'c' })], containers: [{ name: 'c', image: 'other' }] },
    });
    expect(status).toBe(200);
    expect(body.spec.ephemeralContainers).toEqual([
      {
        ...guest({ targetContainerName: 'c' }),
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ]);
    expect(body.spec.containers[0].image).toBe('i');
    expect(body.metadata.labels).toBeUndefined();
    expect(body.metadata.generation).toBe(2);
    expect(body.metadata.managedFields.at(-1)).toMatchObject({ subresource: 'ephemeralcontainers' });
    const read = await callsTo(server.url)('GET', `/api/v1/namespaces/default/pods/${name}/ephemeralcontainers`);
    expect(read.body.spec.ephemeralContainers).toHaveLength(1);
  });

  it('keeps those that are there: they neither change nor go', async () => {
    const name = await makePod();
    await add(name, guest());
    expect((await add(name, guest({ image: 'other' }))).body.message).toBe(
      `Pod "${name}" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n`,
    );
    const gone = await patch(name, 'ephemeralcontainers', { spec: { ephemeralContainers: null } });
    expect(gone.body.message).toBe(
      `Pod "${name}" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n`,
    );
  });

  it('refuses what a guest may not have', async () => {
    const name = await makePod();
    const messages = async (it: Partial<EphemeralContainer>) =>
      ((await add(name, guest(it))).body.details.causes as { field: string; message: string }[]).map(
        ({ field, message }) => `${field}: ${message}`,
      );
    expect(await messages({ ports: [{ containerPort: 80 }] })).toEqual([
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    ]);
    expect(await messages({ resources: { limits: { cpu: '1' } } })).toEqual([
      'spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container',
    ]);
    expect(await messages({ name: 'c' })).toEqual(['spec.ephemeralContainers[0].name: Duplicate value: "c"']);
    expect(await messages({ targetContainerName: 'x' })).toEqual([
      'spec.ephemeralContainers[0].targetContainerName: Not found: "x"',
    ]);
  });

  it('leaves static pods alone', async () => {
    const name = await makePod({}, { 'kubernetes.io/config.mirror': 'hash' });
    expect((await add(name, guest())).body.message).toContain('static pods do not support ephemeral containers');
  });

  it('are not there from the start, and not through the pod itself', async () => {
    const spec = { containers: [small], ephemeralContainers: [guest()] };
    const create = await callsTo(server.url)('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name: 'early' },
      spec,
    });
    expect(create.body.message).toBe(
      'Pod "early" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
    );
    const name = await makePod();
    const later = await callsTo(server.url)(
      'PATCH',
      `/api/v1/namespaces/default/pods/${name}`,
      { spec: { ephemeralContainers: [guest()] } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(later.body.message).toContain('pod updates may not change fields other than');
    await add(name, guest());
    const labels = { metadata: { labels: { a: 'b' } } };
    const merge = { 'content-type': 'application/merge-patch+json' };
    expect(await callsTo(server.url)('PATCH', `/api/v1/namespaces/default/pods/${name}`, labels, merge)).toMatchObject({
      status: 200,
      body: { ...labels, spec: { ephemeralContainers: [{ name: 'debug' }] } },
    });
  });
});

describe('pods/resize', () => {
  const resize = (name: string, resources: unknown, list = 'containers', container = 'c') =>
    patch(name, 'resize', { spec: { [list]: [{ name: container, resources }] } });

  it('changes cpu and memory, counts the change and keeps everything else', async () => {
    const name = await makePod();
    const { status, body } = await patch(name, 'resize', {
      spec: { containers: [{ name: 'c', image: 'other', resources: { requests: { cpu: '1500m' } } }] },
    });
    expect(status).toBe(200);
    expect(body.spec.containers[0]).toMatchObject({
      image: 'i',
      resources: { requests: { cpu: '1500m', memory: '1Gi' }, limits: small.resources!.limits },
    });
    expect(body.metadata.generation).toBe(2);
    const same = await resize(name, { requests: { cpu: '1500m' } });
    expect(same.body.metadata.generation).toBe(2);
  });

  it('keeps the class of service, and what is asked for', async () => {
    const name = await makePod();
    const guaranteed = await resize(name, { requests: { cpu: '2', memory: '2Gi' } });
    expect(guaranteed.body.message).toBe(
      `Pod "${name}" is invalid: spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing`,
    );
    const removed = await resize(name, { limits: { cpu: null } });
    expect(removed.body.message).toBe(
      `Pod "${name}" is invalid: spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed`,
    );
    const above = await resize(name, { requests: { cpu: '3' } });
    expect(above.body.message).toContain('must be less than or equal to cpu limit of 2');
  });

  it('is of cpu and memory alone, and of containers that run on', async () => {
    const name = await makePod({ initContainers: [{ ...small, name: 'first' }] });
    const storage = await resize(name, { limits: { 'ephemeral-storage': '1Gi' } });
    expect(storage.body.message).toBe(
      `Pod "${name}" is invalid: spec: Forbidden: only cpu and memory resources are mutable`,
    );
    const first = await resize(name, { requests: { cpu: '1500m' } }, 'initContainers', 'first');
    expect(first.body.message).toBe(
      `Pod "${name}" is invalid: spec.initContainers[0].resources: Forbidden: resources for non-sidecar init containers are immutable`,
    );
  });

  it('is checked by its dry run and not done', async () => {
    const name = await makePod();
    const body = { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1500m' } } }] } };
    expect((await patch(name, 'resize', body, '?dryRun=All')).body.spec.containers[0].resources.requests.cpu).toBe(
      '1500m',
    );
    expect((await server.client.get(podKind, name, 'default')).spec.containers[0]!.resources!.requests!['cpu']).toBe(
      '1',
    );
  });
});
