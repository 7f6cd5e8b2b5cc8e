import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Call, callsTo, openWatch, type TestWatch } from '../testing/http.ts';
import { startApiServer, type TestServer, type TestServerOptions } from '../testing.ts';

let server: TestServer;
let call: Call;
let watches: TestWatch[];

const path = '/api/v1/namespaces/default/configmaps';

async function start(options: TestServerOptions = {}): Promise<void> {
  server = await startApiServer(options);
  call = callsTo(server.url);
  watches = [];
}

async function watch(query: string, headers: Record<string, string> = {}, at = path): Promise<TestWatch> {
  const opened = await openWatch(server.url, `${at}?watch=true&${query}`, headers);
  watches.push(opened);
  return opened;
}

const create = async (name: string, labels?: Record<string, string>): Promise<string> =>
  (await call('POST', path, { metadata: { name, labels }, data: { a: '1' } })).body.metadata.resourceVersion;
const patch = (name: string, body: object) =>
  call('PATCH', `${path}/${name}`, body, { 'content-type': 'application/merge-patch+json' });

beforeEach(() => start());
afterEach(async () => {
  for (const each of watches) each.close();
  await server.close();
});

describe('watch', () => {
  it('tells what happens after a resourceVersion, with the object as of each change', async () => {
    const from = await create('before');
    const opened = await watch(`resourceVersion=${from}`);
    await create('a');
    await patch('a', { data: { a: '2' } });
    await call('DELETE', `${path}/a`);
    const events = [await opened.next(), await opened.next(), await opened.next()];
    expect(events.map((event) => event!.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(events[0]!.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } });
    expect(events[1]!.object.data).toEqual({ a: '2' });
    const versions = events.map((event) => Number(event!.object.metadata.resourceVersion));
    expect(versions[1]).toBeGreaterThan(versions[0]!);
    expect(versions[2]).toBeGreaterThan(versions[1]!);
  });

  it('tells the past that it still has', async () => {
    const from = await create('a');
    await create('b');
    await create('c');
    expect(await (await watch(`resourceVersion=${from}`)).take(2)).toEqual(['ADDED b', 'ADDED c']);
  });

  it.each(['', 'resourceVersion=0'])('begins with what there is: %p', async (query) => {
    await create('a');
    await create('b');
    const opened = await watch(query);
    expect(await opened.take(2)).toEqual(['ADDED a', 'ADDED b']);
    await create('c');
    expect(await opened.take(1)).toEqual(['ADDED c']);
  });

  it.each(['', 'resourceVersion=0&'])(
    'says where what there was ends, to who asks for bookmarks: %p',
    async (query) => {
      await create('a');
      const opened = await watch(`${query}allowWatchBookmarks=true`);
      expect(await opened.take(1)).toEqual(['ADDED a']);
      expect(await opened.next()).toMatchObject({
        type: 'BOOKMARK',
        object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
      });
    },
  );

  it('does not go on with a list', async () => {
    const { status, body } = await call('GET', `${path}?watch=true&continue=abc`);
    expect([status, body.message]).toEqual([
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ]);
  });

  it('begins with what happens next, from any revision, where it wants nothing of what there is', async () => {
    await create('a');
    const opened = await watch('resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan');
    await create('b');
    expect(await opened.take(1)).toEqual(['ADDED b']);
  });

  it.each([
    ['text/plain', 'application/json, application/yaml, application/vnd.kubernetes.protobuf'],
    ['application/yaml', 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'],
  ])('cannot be had as %s', async (accept, types) => {
    const { status, text } = await call('GET', `${path}?watch=true`, undefined, { accept });
    expect(status).toBe(406);
    // YAML breaks lines.
    expect(text.replace(/\s+/g, ' ')).toMatch(`only the following media types are accepted: ${types}`);
  });

  it('shows objects that enter a selector as ADDED, those that leave it as DELETED', async () => {
    const from = await create('other', { app: 'no' });
    const opened = await watch(`resourceVersion=${from}&labelSelector=app%3Dweb`);
    await create('a', { app: 'web' });
    await patch('other', { metadata: { labels: { app: 'web' } } });
    await patch('a', { data: { a: '2' } });
    const left = await patch('a', { metadata: { labels: { app: 'gone' } } });
    await call('DELETE', `${path}/a`);
    await call('DELETE', `${path}/other`);
    expect(await opened.take(3)).toEqual(['ADDED a', 'ADDED other', 'MODIFIED a']);
    const event = await opened.next();
    expect(event).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'a', labels: { app: 'web' } } } });
    // The object as it was when it still matched, at the revision at which it stopped to.
    expect(event!.object.metadata.resourceVersion).toBe(left.body.metadata.resourceVersion);
    expect(await opened.take(1)).toEqual(['DELETED other']);
  });

  it('selects by fields', async () => {
    const from = await create('x');
    const opened = await watch(`resourceVersion=${from}&fieldSelector=metadata.name%3Db`);
    await create('a');
    await create('b');
    expect(await opened.take(1)).toEqual(['ADDED b']);
  });

  it('watches one namespace or all', async () => {
    const from = await create('x');
    const all = await watch(`resourceVersion=${from}`, {}, '/api/v1/configmaps');
    await call('POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'elsewhere' } });
    await create('here');
    expect(await all.take(2)).toEqual(['ADDED elsewhere', 'ADDED here']);
    expect(await (await watch(`resourceVersion=${from}`)).take(1)).toEqual(['ADDED here']);
  });

  it('gives many watchers the same events in the same order', async () => {
    const from = await create('x');
    const opened = await Promise.all(Array.from({ length: 20 }, () => watch(`resourceVersion=${from}`)));
    const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
    await Promise.all(names.map((name) => create(name)));
    const seen = await Promise.all(opened.map((each) => each.take(30)));
    for (const each of seen) expect(each).toEqual(seen[0]);
    expect([...seen[0]!].sort()).toEqual(names.map((name) => `ADDED ${name}`).sort());
  });

  it('ends with 410 when it is to begin after a revision that there is not, as after a restore', async () => {
    const newest = await create('a');
    const opened = await watch(`resourceVersion=${Number(newest) + 1000}`);
    expect(await opened.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    expect(await opened.next()).toBeUndefined();
  });

  it('ends with 410 when history does not reach back', async () => {
    const first = await create('a');
    await server.close();
    await start({ history: { least: 2, most: 2, bytes: 1 << 20, age: 1e9 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name);
    const opened = await watch(`resourceVersion=${first}`);
    expect(opened.status).toBe(200);
    const event = await opened.next();
    expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    expect(event!.object.message).toMatch(/^too old resource version: \d+ \(\d+\)$/);
    expect(await opened.next()).toBeUndefined();
  });

  it('ends after timeoutSeconds', async () => {
    const opened = await watch(`resourceVersion=${await create('a')}&timeoutSeconds=1`);
    expect(await opened.next()).toBeUndefined();
  });

  it('is over before it begins where timeoutSeconds is below 0, or more than Go can wait', async () => {
    const from = await create('a');
    await create('b');
    for (const seconds of ['-1', '9223372037']) {
      const later = await watch(`resourceVersion=${from}&timeoutSeconds=${seconds}`);
      expect([later.status, await later.next()]).toEqual([200, undefined]);
      const now = await watch(`timeoutSeconds=${seconds}`);
      expect(await now.next()).toMatchObject({
        type: 'ERROR',
        object: { kind: 'Status', code: 500, reason: 'InternalError', message: 'context deadline exceeded' },
      });
      expect(await now.next()).toBeUndefined();
    }
  });

  it('ends when the server ends', async () => {
    const opened = await watch(`resourceVersion=${await create('a')}`);
    const ended = opened.next();
    await server.close();
    expect(await ended).toBeUndefined();
    await start();
  });

  it('sends tables and metadata', async () => {
    const from = await create('x');
    const table = await watch(`resourceVersion=${from}`, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    const metadata = await watch(`resourceVersion=${from}`, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    await create('a');
    const row = await table.next();
    expect(row!.object).toMatchObject({ kind: 'Table', rows: [{ cells: ['a', 1, expect.any(String)] }] });
    const columns = (event: Awaited<ReturnType<typeof table.next>>) =>
      event!.object.columnDefinitions?.map(({ name }: { name: string }) => name) ?? null;
    expect(columns(row)).toEqual(['Name', 'Data', 'Age']);
    await create('b');
    expect(columns(await table.next())).toBeNull();
    const initial = await watch('', { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    expect(columns(await initial.next())).toEqual(['Name', 'Data', 'Age']);
    expect(columns(await initial.next())).toBeNull();
    table.close();
    initial.close();
    expect((await metadata.next())!.object).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: expect.objectContaining({ name: 'a' }),
    });
  });

  it('refuses to watch as YAML', async () => {
    const answer = await call('GET', `${path}?watch=true`, undefined, { accept: 'application/yaml' });
    expect(answer.status).toBe(406);
  });
});

describe('bookmarks', () => {
  it('come now and then, when asked for', async () => {
    await server.close();
    await start({ bookmarkPeriod: 20 });
    const opened = await watch(`resourceVersion=${await create('a')}&allowWatchBookmarks=true`);
    const elsewhere = await call('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' } });
    let bookmark = await opened.next();
    while (Number(bookmark!.object.metadata.resourceVersion) < Number(elsewhere.body.metadata.resourceVersion)) {
      bookmark = await opened.next();
    }
    expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } });
  });

  it('mark the end of the initial events', async () => {
    await create('a');
    const last = await create('b');
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const opened = await watch(query);
    expect(await opened.take(2)).toEqual(['ADDED a', 'ADDED b']);
    expect(await opened.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: last, annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    await create('c');
    expect(await opened.take(1)).toEqual(['ADDED c']);
  });

  it('are refused without resourceVersionMatch beside sendInitialEvents', async () => {
    const answer = await call('GET', `${path}?watch=true&sendInitialEvents=true`);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toBe(
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  });
});
