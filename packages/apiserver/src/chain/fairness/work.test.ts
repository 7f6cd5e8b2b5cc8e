import { configMap } from '@coracle/api/core/v1/configmap';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startApiServer, type TestServer } from '../../testing.ts';
import type { RequestContext } from '../link.ts';
import { requestInfoOf } from '../request-info.ts';
import { seatsOf } from './work.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startApiServer();
});
afterEach(() => server.close());

function seats(url: string, widest = 10): number {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  return seatsOf(server.registry, { info: requestInfoOf('GET', url), query } as RequestContext, widest);
}

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
  expect(seats(`${path}?watch=1`)).toBe(1);
  expect(seats(`${path}?watch=1&sendInitialEvents=true`)).toBe(3);
  expect(seats(`${path}/c0`)).toBe(1);
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
