import { beforeEach, describe, expect, it } from '@jest/globals';
import { callsToOwnServer, freshNamespace } from '../testing/own-server.ts';

const call = callsToOwnServer();
let path: string;
beforeEach(async () => {
  path = await freshNamespace(call);
});

const podSpec = { containers: [{ name: 'c', image: 'i' }] };

describe('create', () => {
  it('fills in what the server says about an object', async () => {
    const { status, body } = await call('POST', `${path}/configmaps`, {
      metadata: {
        name: 'a',
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        deletionTimestamp: '2001-01-01T00:00:00Z',
      },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'a', namespace: path.slice(19) },
    });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.now() - Date.parse(body.metadata.creationTimestamp)).toBeLessThan(60_000);
    expect(body.metadata.deletionTimestamp).toBeUndefined();
    expect((await call('GET', `${path}/configmaps/a`)).body).toEqual(body);
  });

  it('makes names from generateName', async () => {
    const made = await call('POST', `${path}/configmaps`, { metadata: { generateName: 'web-' } });
    expect(made.body.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('drops the status a client sends, and begins the generation at 1', async () => {
    const { body } = await call('POST', `/apis/apps/v1${path.slice(7)}/deployments`, {
      metadata: { name: 'd', generation: 7 },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: podSpec },
      },
      status: { replicas: 9 },
    });
    expect(body.metadata.generation).toBe(1);
    expect(body.status.replicas).toBeUndefined();
    expect(body.spec.replicas).toBe(1);
  });

  it('says AlreadyExists', async () => {
    await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    const { status, body } = await call('POST', `${path}/configmaps`, { metadata: { name: 'a' } });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
      details: { name: 'a', kind: 'configmaps' },
    });
  });

  it.each([
    [
      { metadata: { name: 'Not_Valid' } },
      422,
      /^ConfigMap "Not_Valid" is invalid: metadata.name: Invalid value: "Not_Valid": a lowercase RFC 1123 subdomain/,
    ],
    [{ metadata: {} }, 422, /metadata.name: Required value: name or generateName is required/],
    [{ metadata: { name: 'a', labels: { 'bad key': 'x' } } }, 422, /metadata.labels: Invalid value: "bad key"/],
    [{ metadata: { name: 'a', finalizers: ['not valid'] } }, 422, /metadata.finalizers: Invalid value: "not valid"/],
    [
      { metadata: { name: 'a', namespace: 'elsewhere' } },
      400,
      /^the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [
      { metadata: { name: 'a', resourceVersion: '1' } },
      500,
      /^resourceVersion should not be set on objects to be created$/,
    ],
    [
      { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a' } },
      400,
      /^Secret in version "v1" cannot be handled as a ConfigMap: converting \(v1.Secret\) to \(core.ConfigMap\): unknown conversion$/,
    ],
    [
      { kind: 'ConfigMap', apiVersion: 'v1beta3', metadata: { name: 'a' } },
      400,
      /no kind "ConfigMap" is registered for version "v1beta3"/,
    ],
    [
      { metadata: { name: 'a' }, data: 'text' },
      400,
      /^ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct field ConfigMap.data of type map\[string\]string$/,
    ],
    [
      '{"metadata":',
      400,
      /^the object provided is unrecognized \(must be of type ConfigMap\): couldn't get version\/kind; json parse error: unexpected end of JSON input/,
    ],
    ['[1]', 400, /^the object provided is unrecognized/],
  ])('refuses %j', async (body, code, message) => {
    const answer = await call('POST', `${path}/configmaps`, body);
    expect(answer.status).toBe(code);
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code });
    expect(answer.body.message).toMatch(message);
    expect((await call('GET', `${path}/configmaps`)).body.items).toEqual([]);
  });

  it('lists every wrong field as a cause', async () => {
    const { body } = await call('POST', `${path}/configmaps`, { metadata: { name: 'A', labels: { 'b c': 'd' } } });
    expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      'metadata.name',
      'metadata.labels',
    ]);
  });
});

it('nobody manages what the server sets in a new object, though a client wrote it', async () => {
  const metadata = { name: 'gone', deletionTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 1 };
  const { body } = await call('POST', `${path}/configmaps`, { metadata });
  expect(body.metadata).not.toHaveProperty('deletionTimestamp');
  expect(body.metadata).not.toHaveProperty('managedFields');
});

describe('metadata', () => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '1' };
  const make = (metadata: object) => call('POST', `${path}/configmaps`, { metadata: { name: 'a', ...metadata } });

  it('names an owner once', async () => {
    const made = await make({ ownerReferences: [owner, { ...owner, name: 'q' }, owner] });
    expect(made.body.metadata.ownerReferences).toEqual([owner, { ...owner, name: 'q' }]);
    const text = 'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24';
    expect(made.headers.get('warning')).toBe(
      `299 - ".metadata.ownerReferences contains duplicate entries; ${text}; please fix your requests; duplicate UID(s) observed: 1"`,
    );
  });

  it('has owners that are one thing to managers', async () => {
    const { body } = await make({ ownerReferences: [owner] });
    expect(body.metadata.managedFields[0].fieldsV1['f:metadata']['f:ownerReferences']).toEqual({
      '.': {},
      'k:{"uid":"1"}': {},
    });
  });

  it('leaves deletion to DELETE, and the time of its making to the server', async () => {
    const { body } = await make({});
    const put = (metadata: object) =>
      call('PUT', `${path}/configmaps/a`, { metadata: { ...body.metadata, ...metadata } });
    expect((await put({ deletionTimestamp: '2030-01-01T00:00:00Z' })).body.message).toBe(
      'ConfigMap "a" is invalid: metadata.deletionTimestamp: Invalid value: "2030-01-01T00:00:00Z": field is immutable',
    );
    expect((await put({ deletionGracePeriodSeconds: 5 })).body.message).toBe(
      'ConfigMap "a" is invalid: metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable',
    );
    const kept = await put({ creationTimestamp: '2001-01-01T00:00:00Z' });
    expect(kept.body.metadata.creationTimestamp).toBe(body.metadata.creationTimestamp);
  });

  it('of a new object may say a revision that is none', async () => {
    for (const resourceVersion of ['0', 'none']) {
      const made = await call('POST', `${path}/configmaps`, { metadata: { generateName: 'a-', resourceVersion } });
      expect(made.status).toBe(201);
    }
    expect((await make({ resourceVersion: '7' })).status).toBe(500);
  });
});

describe('events', () => {
  it('are the same objects in both groups', async () => {
    const regarding = { kind: 'Pod', namespace: path.slice(19), name: 'p' };
    const made = await call('POST', `/apis/events.k8s.io/v1${path.slice(7)}/events`, {
      metadata: { name: 'e' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'c',
      reportingInstance: 'i',
      action: 'a',
      reason: 'r',
      type: 'Normal',
      regarding,
      note: 'text',
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'text', regarding });
    const core = await call('GET', `${path}/events/e`);
    expect(core.body).toMatchObject({
      apiVersion: 'v1',
      message: 'text',
      involvedObject: regarding,
      reportingComponent: 'c',
    });
    const selected = await call('GET', `${path}/events?fieldSelector=involvedObject.name%3Dp`);
    expect(selected.body.items).toHaveLength(1);
    const newer = await call('GET', `/apis/events.k8s.io/v1${path.slice(7)}/events?fieldSelector=regarding.name%3Dp`);
    expect(newer.body.items[0]).toMatchObject({ note: 'text' });
    expect(newer.body.items[0].message).toBeUndefined();
  });
});
