import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EtcdStore } from './storage/etcd-store.ts';
import { CompactedError } from './storage/store.ts';
import { startEtcd, type TestEtcd } from './testing/etcd.ts';
import { eventually } from './testing/expectations.ts';
import { startProgram, type TestProgram } from './testing/program.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const interval = '--etcd-compaction-interval=1s';
let etcd: TestEtcd;
let store: EtcdStore;
let programs: TestProgram[] = [];

beforeAll(async () => {
  etcd = await startEtcd();
  store = new EtcdStore({ servers: [etcd.url] });
  programs = await Promise.all([
    startProgram(etcd.url, [interval]),
    startProgram(etcd.url, [interval, '--endpoint-reconciler-type=none']),
  ]);
});
afterAll(async () => {
  for (const program of programs) await program.close();
  await store.close();
  await etcd.close();
});

it('servers have etcd forget its history, up to what was new an interval ago, and say what they cannot show any more', async () => {
  const [first, second] = programs as [TestProgram, TestProgram];
  for (const name of ['a', 'b', 'c']) expect((await first.call('POST', maps, { metadata: { name } })).status).toBe(201);
  const page = (await first.call('GET', `${maps}?limit=1`)).body.metadata;
  const then = Number(page.resourceVersion);
  const isCompacted = () =>
    store.list('/registry/configmaps/', { revision: then }).then(
      () => false,
      (error) => {
        if (!(error instanceof CompactedError)) throw error;
        return true;
      },
    );
  // What is newest is never forgotten: it takes a change that comes after it.
  let written = 0;
  await eventually(async () => {
    expect((await second.call('POST', maps, { metadata: { name: `later-${written++}` } })).status).toBe(201);
    return isCompacted();
  });

  for (const { call } of programs) {
    const exact = await call('GET', `${maps}?resourceVersion=${then}&resourceVersionMatch=Exact`);
    expect([exact.status, exact.body.reason]).toEqual([410, 'Expired']);
    const expired = await call('GET', `${maps}?limit=1&continue=${page.continue}`);
    expect([expired.status, expired.body.reason]).toEqual([410, 'Expired']);
    const rest = (await call('GET', `${maps}?continue=${expired.body.metadata.continue}`)).body.items;
    const names = rest.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    // What came later is there too: the rest is as of now.
    expect(names).toEqual(['b', 'c', ...Array.from({ length: written }, (_, i) => `later-${i}`).sort()]);
  }
  expect(programs.map(({ log }) => log()).join()).not.toContain('Compaction failed');
});
