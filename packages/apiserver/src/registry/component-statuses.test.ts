import { componentStatus } from '@coracle/api/core/v1/componentstatus';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryStore } from '../storage/memory-store.ts';
import { callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const path = '/api/v1/componentstatuses';
const asTable = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

/** A store that may be out of reach. */
class Store extends MemoryStore {
  isGone = false;
  override revision(): Promise<number> {
    return this.isGone ? Promise.reject(new Error('etcdserver: no leader')) : super.revision();
  }
}

describe('component statuses', () => {
  const store = new Store();
  let server: TestServer;
  beforeAll(async () => {
    server = await startApiServer({ store });
  });
  afterAll(async () => {
    await server?.close();
    await store.close();
  });

  it('are found out when they are asked for, and have no revision', async () => {
    const { status, body, headers } = await callsTo(server.url)('GET', path);
    expect(status).toBe(200);
    expect(headers.get('warning')).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
    expect(body).toMatchObject({ kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {} });
    expect(body.items.map((it: { metadata: unknown }) => it.metadata)).toEqual([
      { name: 'controller-manager' },
      { name: 'etcd-0' },
      { name: 'scheduler' },
    ]);
    for (const { conditions } of body.items)
      expect(conditions).toEqual([
        { type: 'Healthy', status: expect.stringMatching(/^(True|False)$/), message: expect.any(String) },
      ]);
    expect(body.items[1].conditions).toEqual([{ type: 'Healthy', status: 'True', message: 'ok' }]);
  });

  it('are read one by one, by selectors and as tables', async () => {
    const call = callsTo(server.url);
    expect(await server.client.get(componentStatus, 'etcd-0')).toMatchObject({ metadata: { name: 'etcd-0' } });
    const selected = await call('GET', `${path}?fieldSelector=metadata.name%3Detcd-0`);
    expect(selected.body.items.map((it: { metadata: { name: string } }) => it.metadata.name)).toEqual(['etcd-0']);
    const table = await call('GET', `${path}/etcd-0`, undefined, asTable);
    expect(table.body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      'Name',
      'Status',
      'Message',
      'Error',
    ]);
    expect(table.body.rows[0].cells).toEqual(['etcd-0', 'Healthy', 'ok', '']);
    expect((await call('GET', `${path}/nobody`)).body.message).toBe('componentstatuses "nobody" not found');
  });

  it('say what is wrong', async () => {
    store.isGone = true;
    try {
      const { body } = await callsTo(server.url)('GET', `${path}/etcd-0`);
      expect(body.conditions).toEqual([{ type: 'Healthy', status: 'False', message: 'etcdserver: no leader' }]);
    } finally {
      store.isGone = false;
    }
  });

  it('can only be read', async () => {
    const call = callsTo(server.url);
    for (const [method, at] of [
      ['POST', path],
      ['DELETE', path],
      ['PUT', `${path}/etcd-0`],
      ['PATCH', `${path}/etcd-0`],
      ['GET', `${path}?watch=1`],
    ] as const)
      expect(await call(method, at, method === 'GET' ? undefined : {})).toMatchObject({ status: 405 });
  });
});
