import { configMap } from '@coracle/api/core/v1/configmap';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../../testing/expectations.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import type { RequestContext } from '../link.ts';
import { requestInfoOf } from '../request-info.ts';
import { FlowCounts } from './flow-counts.ts';
import { type Work, workOf } from './work.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startApiServer();
});
afterEach(() => server.close());

const counts = new FlowCounts('schema', 'level');

function work(method: string, url: string, widest = 10): Work {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  return workOf(server.registry, { info: requestInfoOf(method, url), query } as RequestContext, widest, counts);
}

const seats = (url: string, widest?: number): number => work('GET', url, widest).initial;

it('lists take seats as they are large', async () => {
  const { registry } = server;
  const data = { a: 'x'.repeat(50_000) };
  const path = '/api/v1/namespaces/default/configmaps';
  expect(seats(path)).toBe(1);
  for (let i = 0; i < 5; i++)
    await registry.create(configMap, { metadata: { name: `c${i}`, namespace: 'default' }, data });
  await registry.create(configMap, { metadata: { name: 'c', namespace: 'kube-system' }, data });
  await registry.fresh();
  expect(seats(path)).toBe(3);
  expect(seats('/api/v1/configmaps')).toBe(4);
  expect(seats('/api/v1/namespaces/kube-system/configmaps')).toBe(1);
  expect(seats(`${path}?limit=2`)).toBe(2);
  expect(seats(`${path}?limit=2&resourceVersion=0`)).toBe(3);
  expect(seats('/api/v1/configmaps', 2)).toBe(2);
  expect(seats(`${path}?watch=1`)).toBe(3);
  expect(seats(`${path}?watch=1&resourceVersion=0`)).toBe(3);
  expect(seats(`${path}?watch=1&resourceVersion=7`)).toBe(1);
  expect(seats(`${path}?watch=1&sendInitialEvents=true`)).toBe(3);
  expect(seats(`${path}/c0`)).toBe(1);
  expect(seats(`${path}?fieldSelector=metadata.name%3Dc0`)).toBe(1);
  expect(seats('/api/v1/nothings')).toBe(1);
  for (let i = 0; i < 30; i++)
    await registry.create(configMap, { metadata: { name: `d${i}`, namespace: 'default' }, data });
  await registry.fresh();
  expect(seats('/api/v1/configmaps')).toBe(10);
  for (let i = 1; i < 5; i++) await registry.delete(configMap, `c${i}`, 'default');
  for (let i = 0; i < 30; i++) await registry.delete(configMap, `d${i}`, 'default');
  await registry.fresh();
  expect(seats('/api/v1/configmaps')).toBe(2);
});

it('writes take seats as there are watches to be told, for a moment after their end', async () => {
  const { registry, client } = server;
  const path = '/api/v1/namespaces/default/configmaps';
  const put = (name = 'a') => work('PUT', `${path}/${name}`);
  const ends = new AbortController();
  const watches = async (count: number, namespace?: string, fieldSelector?: string) => {
    const { hub } = registry.of(configMap);
    const size = hub.size + count;
    const options = {
      resourceVersion: '',
      ...(namespace ? { namespace } : {}),
      ...(fieldSelector ? { fieldSelector } : {}),
    };
    for (let i = 0; i < count; i++) {
      const events = client.watch(configMap, { ...options, signal: ends.signal })[Symbol.asyncIterator]();
      events.next().catch(() => undefined); // it ends with the test
    }
    await eventually(async () => hub.size === size);
  };
  try {
    await watches(9);
    expect(put()).toEqual({ initial: 1, final: 0, after: 0 });
    await watches(1, 'default');
    expect(put()).toEqual({ initial: 1, final: 1, after: 5 });
    expect(work('PUT', '/api/v1/namespaces/kube-system/configmaps/a').after).toBe(0);
    await watches(15, undefined, 'metadata.name=a');
    expect(put()).toEqual({ initial: 1, final: 3, after: 5 });
    expect(work('PUT', `${path}/a`, 2)).toEqual({ initial: 1, final: 2, after: 7.5 });
    expect(put('b').final).toBe(1);
    expect(work('POST', path)).toEqual({ initial: 1, final: 1, after: 5 });
    expect(work('GET', `${path}/a`).after).toBe(0);
    expect(work('PUT', '/api/v1/namespaces/default/secrets/a').after).toBe(0);
    expect(counts.watches.sum).toBeGreaterThan(0);
  } finally {
    ends.abort();
  }
  await eventually(async () => put().after === 0);
});
