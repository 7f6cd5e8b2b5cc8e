import { beforeEach, describe, expect, it } from '@jest/globals';
import { callsToOwnServer, freshNamespace } from '../testing/own-server.ts';

const call = callsToOwnServer();
let path: string;
beforeEach(async () => {
  path = await freshNamespace(call);
});

const podSpec = { containers: [{ name: 'c', image: 'i' }] };

describe('update', () => {
  const make = async (object: object = {}) =>
    (await call('POST', `${path}/configmaps`, { metadata: { name: 'a' }, ...object })).body;

  it('replaces the object', async () => {
    const old = await make({ data: { x: '1' } });
    const { status, body } = await call('PUT', `${path}/configmaps/a`, { ...old, data: { y: '2' } });
    expect(status).toBe(200);
    expect(body.data).toEqual({ y: '2' });
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(Number(old.metadata.resourceVersion));
    expect(body.metadata.uid).toBe(old.metadata.uid);
  });

  it('refuses a stale resourceVersion', async () => {
    const old = await make();
    await call('PUT', `${path}/configmaps/a`, { ...old, data: { x: '1' } });
    const { status, body } = await call('PUT', `${path}/configmaps/a`, { ...old, data: { x: '2' } });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  it('refuses another object of the same name', async () => {
    await make();
    const { status, body } = await call('PUT', `${path}/configmaps/a`, { metadata: { name: 'a', uid: 'other' } });
    expect(status).toBe(409);
    expect(body.message).toMatch(
      /^Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: \/registry\/configmaps\/test-\d+\/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: [0-9a-f-]{36}$/,
    );
  });

  it('leaves the resourceVersion alone when nothing changes', async () => {
    const old = await make({ data: { x: '1' } });
    const { metadata: _, ...content } = old;
    const same = await call('PUT', `${path}/configmaps/a`, { ...content, metadata: { name: 'a' } });
    expect(same.body.metadata.resourceVersion).toBe(old.metadata.resourceVersion);
  });

  it('lets every writer through that does not name a version', async () => {
    await make();
    const writers = Array.from({ length: 10 }, (_, i) =>
      call('PUT', `${path}/configmaps/a`, { metadata: { name: 'a' }, data: { [`k${i}`]: '1' } }),
    );
    expect((await Promise.all(writers)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  });

  it.each([
    ['a', { metadata: { name: 'b' } }, 400, 'the name of the object (b) does not match the name on the URL (a)'],
    ['a', { metadata: {} }, 400, 'the name of the object (a based on URL) was undeterminable: name must be provided'],
    ['nope', { metadata: { name: 'nope' } }, 404, 'configmaps "nope" not found'],
  ])('of %s with %j is refused', async (name, body, code, message) => {
    const answer = await call('PUT', `${path}/configmaps/${name}`, body);
    expect(answer.status).toBe(code);
    expect(answer.body.message).toBe(message);
  });

  it('takes the namespace off an object that has none', async () => {
    const made = await call('POST', '/api/v1/nodes', { metadata: { name: 'n', namespace: 'elsewhere' } });
    expect([made.status, made.body.metadata.namespace]).toEqual([201, undefined]);
    await call('DELETE', '/api/v1/nodes/n');
  });

  it('of what is not there refuses to be of another uid', async () => {
    const leases = `/apis/coordination.k8s.io/v1${path.slice(7)}/leases`;
    const { status, body } = await call('PUT', `${leases}/l`, { metadata: { name: 'l', uid: 'gone' } });
    expect(status).toBe(409);
    expect(body.message).toMatch(/Precondition failed: UID in precondition: gone, UID in object meta: $/);
  });

  it('creates leases and events that are not there', async () => {
    const { status } = await call('PUT', `/apis/coordination.k8s.io/v1${path.slice(7)}/leases/l`, {
      metadata: { name: 'l' },
    });
    expect(status).toBe(201);
  });

  it('keeps spec and status apart, and counts changes of the spec', async () => {
    const deployments = `/apis/apps/v1${path.slice(7)}/deployments`;
    const template = { metadata: { labels: { a: 'b' } }, spec: podSpec };
    const spec = { selector: { matchLabels: { a: 'b' } }, template };
    const made = (await call('POST', deployments, { metadata: { name: 'd' }, spec })).body;
    const status = (
      await call('PUT', `${deployments}/d/status`, {
        ...made,
        spec: { ...made.spec, replicas: 9 },
        status: { replicas: 4 },
      })
    ).body;
    expect(status).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 4 }, metadata: { generation: 1 } });
    const main = (
      await call('PUT', `${deployments}/d`, { ...status, spec: { ...made.spec, replicas: 3 }, status: { replicas: 8 } })
    ).body;
    expect(main).toMatchObject({ spec: { replicas: 3 }, status: { replicas: 4 }, metadata: { generation: 2 } });
    const label = { ...main, metadata: { ...main.metadata, labels: { x: 'y' } } };
    expect((await call('PUT', `${deployments}/d`, label)).body.metadata.generation).toBe(2);
    const other = { ...main, spec: { ...main.spec, selector: { matchLabels: { a: 'c' } } } };
    const refused = await call('PUT', `${deployments}/d`, { ...other, metadata: { name: 'd' } });
    expect(refused.status).toBe(422);
    expect(refused.body.message).toMatch(/spec.selector: Invalid value: .*: field is immutable/);
  });
});

describe('scale', () => {
  it('reads and sets the number of replicas', async () => {
    const deployments = `/apis/apps/v1${path.slice(7)}/deployments`;
    const spec = {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: podSpec },
    };
    await call('POST', deployments, { metadata: { name: 'd' }, spec });
    const scale = (await call('GET', `${deployments}/d/scale`)).body;
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'a=b' },
    });
    const put = await call('PUT', `${deployments}/d/scale`, { ...scale, spec: { replicas: 5 } });
    expect(put.body.spec.replicas).toBe(5);
    const patched = await call(
      'PATCH',
      `${deployments}/d/scale`,
      { spec: { replicas: 7 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(patched.body.spec.replicas).toBe(7);
    expect((await call('GET', `${deployments}/d`)).body.spec.replicas).toBe(7);
    const wrong = await call('PUT', `${deployments}/d/scale`, { metadata: { name: 'd' }, spec: { replicas: -1 } });
    expect(wrong.status).toBe(422);
    expect(wrong.body.message).toBe(
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
    expect((await call('PUT', `${deployments}/d/scale`, { ...scale })).status).toBe(409);
  });
});

describe('dry run', () => {
  it('answers as the write would, and does nothing', async () => {
    const made = await call('POST', `${path}/configmaps?dryRun=All`, { metadata: { name: 'a' } });
    expect(made.body.metadata).not.toHaveProperty('resourceVersion');
    expect(made.status).toBe(201);
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    expect((await call('POST', `${path}/configmaps?dryRun=All`, { metadata: { name: 'a' } })).status).toBe(409);
    const put = await call('PUT', `${path}/configmaps/a?dryRun=All`, { metadata: { name: 'a' }, data: { x: '1' } });
    expect(put.body.data).toEqual({ x: '1' });
    expect((await call('DELETE', `${path}/configmaps/a?dryRun=All`)).status).toBe(200);
    const { body } = await call('GET', `${path}/configmaps/a`);
    expect(body.data).toBeUndefined();
    for (const some of ['Some', '']) {
      expect(
        (await call('POST', `${path}/configmaps?dryRun=${some}`, { metadata: { name: 'b' } })).body.message,
      ).toMatch(/dryRun: Unsupported value: .*: supported values: "All"/);
    }
  });
});

describe('what a client accepts', () => {
  it('is looked at before anything is written', async () => {
    const accept = { accept: 'text/html' };
    expect((await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } }, accept)).status).toBe(406);
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    expect((await call('DELETE', `${path}/configmaps/a`, undefined, accept)).status).toBe(406);
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(200);
  });

  it('may be a Table of what is deleted at once: the answer is a Status all the same', async () => {
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    expect((await call('DELETE', `${path}/configmaps/a`, undefined, { accept })).body).toMatchObject({
      kind: 'Status',
      status: 'Success',
    });
  });
});
