import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Call, callsTo, openWatch } from './testing/http.ts';
import { startApiServer, type TestServer } from './testing.ts';

let server: TestServer;
let call: Call;
const maps = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  server = await startApiServer({ plugins: 'default' });
  call = callsTo(server.url);
  await call('POST', maps, { metadata: { name: 'kept' }, data: { a: 'b' } });
});
afterAll(() => server.close());

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Megabytes in use once what nothing holds has been collected. */
async function inUse(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

/** One of everything that is refused, each time in other words. */
async function trouble(round: number): Promise<void> {
  const odd = `odd-${round}-${Math.random().toString(36).slice(2)}`;
  const headers = (type: string) => ({ 'content-type': type, 'user-agent': odd, 'audit-id': odd });
  const bodies: [string, string, unknown, string][] = [
    ['POST', maps, `{"metadata":{"name":"${odd}"`, 'application/json'],
    ['POST', maps, `metadata: {name: ${odd}, [}`, 'application/yaml'],
    ['POST', maps, { metadata: { name: `${odd}/..` }, [odd]: 1, __proto__: { odd } }, 'application/json'],
    ['POST', maps, Buffer.from(`k8s\0${odd}`), 'application/vnd.kubernetes.protobuf'],
    ['POST', `${maps}?fieldValidation=Strict`, { metadata: { name: odd }, [odd]: 1 }, 'application/json'],
    ['PATCH', `${maps}/kept`, [{ op: 'test', path: `/${odd}`, value: 1 }], 'application/json-patch+json'],
    ['PATCH', `${maps}/kept`, { metadata: { resourceVersion: '1' }, data: { odd } }, 'application/merge-patch+json'],
    ['PATCH', `${maps}/kept?fieldManager=${odd}`, { [odd]: { [odd]: [] } }, 'application/apply-patch+yaml'],
    ['PUT', `${maps}/${odd}`, { metadata: { name: odd } }, 'application/json'],
    ['DELETE', `${maps}/${odd}`, undefined, 'application/json'],
    ['POST', `/apis/${odd}/v1/${odd}`, { odd }, 'application/json'],
    ['POST', maps, odd, `text/${odd}`],
  ];
  for (const [method, path, body, type] of bodies) {
    const { status } = await call(method, path, body, headers(type));
    expect([status, status >= 400 && status < 500]).toEqual([status, true]);
  }
  const reads = [
    `${maps}?labelSelector=${odd}%3D%3D%3D`,
    `${maps}?fieldSelector=spec.${odd}%3Dx`,
    `${maps}?continue=${odd}`,
    `${maps}?limit=1&labelSelector=${odd}`,
    `/openapi/v3/apis/${odd}`,
    `/${odd}`,
  ];
  for (const path of reads) await call('GET', path, undefined, { 'user-agent': odd });
  const watch = await openWatch(server.url, `${maps}?watch=true&labelSelector=${odd}`);
  watch.close();
}

it('is no larger after thousands of requests that it refused', async () => {
  for (let round = 0; round < 60; round++) await trouble(round);
  const before = await inUse();
  for (let round = 0; round < 150; round++) await trouble(round);
  const after = await inUse();
  // 2,850 requests: what one of them left behind would be 2 KB at most.
  expect(after - before).toBeLessThan(5.5);
}, 300_000);
