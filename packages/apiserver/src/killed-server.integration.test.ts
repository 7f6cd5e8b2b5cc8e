import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EtcdStore } from './storage/etcd-store.ts';
import { startEtcd, type TestEtcd } from './testing/etcd.ts';
import { eventually } from './testing/expectations.ts';
import { startProgram, type TestProgram } from './testing/program.ts';

let etcd: TestEtcd;
let program: TestProgram;
const path = '/api/v1/namespaces/default/configmaps';
/** An object made with a generated name says here which attempt made it. */
const label = 'attempt';

beforeAll(async () => {
  etcd = await startEtcd();
  program = await startProgram(etcd.url);
});
afterAll(async () => {
  await program?.close();
  await etcd?.close();
});

it('loses no write it acknowledged to 32 writers when it is killed, and has none twice', async () => {
  const { call } = program;
  const send = async (...request: Parameters<typeof call>) => (await call(...request)).status;
  const acknowledged = new Set<string>();
  const counted = new Map<number, number>();
  let attempts = 0;
  const writers = Array.from({ length: 32 }, async (_, writer) => {
    const counter = { metadata: { name: `counter-${writer}` }, data: { count: '0' } };
    try {
      await send('POST', path, counter);
      for (let count = 1; ; count++) {
        const attempt = `a-${attempts++}`;
        const made = await send('POST', path, { metadata: { generateName: 'made-', labels: { [label]: attempt } } });
        if (made === 201) acknowledged.add(attempt);
        counter.data.count = String(count);
        if ((await send('PUT', `${path}/counter-${writer}`, counter)) === 200) counted.set(writer, count);
      }
    } catch {
      // The server is gone: what was under way may or may not be there.
    }
  });
  await eventually(async () => acknowledged.size >= 500);
  const gone = once(program.child, 'exit');
  program.child.kill('SIGKILL');
  await gone;
  await Promise.all(writers);
  const before = acknowledged.size;

  const { authority } = program;
  await program.close();
  program = await startProgram(etcd.url, [], authority);
  const { items } = JSON.parse((await program.get(path)).text) as {
    items: { metadata: { name: string; labels?: Record<string, string> }; data?: { count: string } }[];
  };
  const made = items.flatMap(({ metadata }) => metadata.labels?.[label] ?? []);
  expect(new Set(made).size).toBe(made.length);
  expect(made).toEqual(expect.arrayContaining([...acknowledged]));
  expect(made.length).toBeLessThanOrEqual(before + 32);
  for (const [writer, count] of counted) {
    const kept = Number(items.find(({ metadata }) => metadata.name === `counter-${writer}`)?.data?.count);
    expect([count, count + 1]).toContain(kept);
  }
  const store = new EtcdStore({ servers: [etcd.url] });
  const { entries } = await store.list('/registry/configmaps/default/');
  await store.close();
  expect(entries.map(({ key }) => key.split('/').at(-1))).toEqual(items.map(({ metadata }) => metadata.name));
});
