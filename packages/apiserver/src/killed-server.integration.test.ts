import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
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

/** Requests as the administrator, over kept connections. */
function requestsTo({ url, kubeconfig, authority }: TestProgram) {
  const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { users: { user: Record<string, string> }[] };
  const { user } = users[0]!;
  const agent = new Agent({
    keepAlive: true,
    ca: authority.certificate,
    cert: readFileSync(user['client-certificate']!),
    key: readFileSync(user['client-key']!),
  });
  const send = (method: string, where: string, body: object): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const outgoing = request(url + where, { method, agent, headers }, (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode!)).once('error', reject);
      });
      outgoing.once('error', reject).end(JSON.stringify(body));
    });
  return { send, close: () => agent.destroy() };
}

it('loses no write it acknowledged to 32 writers when it is killed, and has none twice', async () => {
  const { send, close } = requestsTo(program);
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
  close();
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
