import type { ServerResponse } from 'node:http';
import { configMap } from '@coracle/api/core/v1/configmap';
import type { ConfigMap } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Informers } from './informer.ts';
import { answer, fakeServer, until } from './testing/fake-server.ts';

const map = (name: string, version: number, labels: Record<string, string> = {}): ConfigMap => ({
  metadata: {
    name,
    namespace: 'default',
    uid: name,
    resourceVersion: String(version),
    labels,
    managedFields: [{ manager: 'x' }],
  },
});

/** A server of config maps whose list and watches the test writes. */
async function mapServer(): Promise<{
  lists: URLSearchParams[];
  watches: { query: URLSearchParams; response: ServerResponse }[];
  items: ConfigMap[];
  version: number;
  server: Awaited<ReturnType<typeof fakeServer>>;
}> {
  const state = {
    lists: [] as URLSearchParams[],
    watches: [] as { query: URLSearchParams; response: ServerResponse }[],
    items: [] as ConfigMap[],
    version: 1,
  };
  const server = await fakeServer((request, response) => {
    const { searchParams: query, pathname } = new URL(request.url!, 'http://x');
    expect(pathname).toBe('/api/v1/configmaps');
    if (query.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      state.watches.push({ query, response });
    } else {
      state.lists.push(query);
      answer(response, 200, {
        kind: 'ConfigMapList',
        metadata: { resourceVersion: String(state.version) },
        items: state.items,
      });
    }
  });
  return Object.assign(state, { server });
}

const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

describe('an informer', () => {
  const stop = new AbortController();
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    stop.abort(new Error('test ended'));
    for (const close of closing.splice(0)) await close();
  });

  it('mirrors a collection through list, watch, breaks and expiry', async () => {
    const state = await mapServer();
    closing.push(state.server.close);
    state.items = [map('a', 1, { app: 'web' })];
    const informers = new Informers(state.server.client, { signal: stop.signal, log: silent });
    const informer = informers.of(configMap);
    expect(informers.of(configMap)).toBe(informer);
    informer.addIndex('app', (each) => (each.metadata.labels?.app ? [each.metadata.labels.app] : []));
    const seen: string[] = [];
    informer.on({
      added: (each) => seen.push(`+${each.metadata.name}`),
      updated: (old, each) => seen.push(`${old.metadata.resourceVersion}>${each.metadata.resourceVersion}`),
      deleted: (each) => seen.push(`-${each.metadata.name}`),
    });
    await informers.start();
    expect(seen).toEqual(['+a']);
    expect(state.lists[0]!.get('resourceVersion')).toBeNull(); // the newest state, whichever server answers
    expect(informer.lister.get('default/a')!.metadata.managedFields).toBeUndefined();

    const first = await until(() => state.watches[0]);
    expect(first.query.get('resourceVersion')).toBe('1');
    expect(first.query.get('allowWatchBookmarks')).toBe('true');
    // Frames may arrive in pieces.
    const frame = event('ADDED', map('b', 2));
    first.response.write(frame.slice(0, 30));
    first.response.write(
      `${frame.slice(30)}${event('MODIFIED', map('a', 3, { app: 'db' }))}${event('BOOKMARK', map('', 9))}`,
    );
    await until(() => seen.length === 3);
    expect(informer.lister.byIndex('app', 'web')).toEqual([]);
    expect(informer.lister.byIndex('app', 'db')).toHaveLength(1);

    // A broken watch resumes after the bookmark, without a new list.
    first.response.destroy();
    const second = await until(() => state.watches[1]);
    expect(second.query.get('resourceVersion')).toBe('9');
    expect(state.lists).toHaveLength(1);
    second.response.write(event('DELETED', map('b', 10)));
    await until(() => seen.includes('-b'));

    // An expired version lists again, and tells the difference.
    state.items = [map('a', 12, { app: 'db' }), map('c', 11)];
    state.version = 12;
    second.response.end(
      event('ERROR', { kind: 'Status', apiVersion: 'v1', code: 410, reason: 'Expired', message: 'too old' }),
    );
    await until(() => seen.includes('+c'));
    expect(state.lists[1]!.get('resourceVersion')).toBeNull();
    expect(seen).toEqual(['+a', '+b', '1>3', '-b', '3>12', '+c']);
    expect(
      informer.lister
        .list('default')
        .map((each) => each.metadata.name)
        .sort(),
    ).toEqual(['a', 'c']);

    const late: string[] = [];
    informer.on({ added: (each) => late.push(each.metadata.name!) });
    expect(late.sort()).toEqual(['a', 'c']);
  });
});

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
