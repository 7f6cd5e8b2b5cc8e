import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startEtcd, type TestEtcd } from '../../testing/etcd.ts';
import { startProgram, type TestProgram } from '../../testing/program.ts';

let etcd: TestEtcd;
let program: TestProgram;
let agent: Agent;

beforeAll(async () => {
  etcd = await startEtcd();
  program = await startProgram(etcd.url, [
    '--shutdown-send-retry-after',
    '--shutdown-watch-termination-grace-period=3s',
    '--strict-transport-security-directives=max-age=3600',
  ]);
  agent = new Agent({ keepAlive: true, ...program.admin });
});
afterAll(async () => {
  agent?.destroy();
  await program?.close();
  await etcd?.close();
});

const ask = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request(program.url + path, { agent }, resolve)
      .once('error', reject)
      .end();
  });

it('ends watches cleanly over their time, and sends everybody else away for the while', async () => {
  const watches = await Promise.all(
    Array.from({ length: 3 }, () => ask('/api/v1/namespaces?watch=true&resourceVersion=0')),
  );
  const ended = watches.map((watch) => once(watch.resume(), 'end'));
  const exited = once(program.child, 'exit');
  program.child.kill('SIGTERM');

  await ended[0];
  const refused = await ask('/api/v1/namespaces');
  expect(refused.statusCode).toBe(429);
  expect(refused.headers).toMatchObject({
    'retry-after': '5',
    connection: 'close',
    'strict-transport-security': 'max-age=3600',
  });
  refused.resume();

  await Promise.all(ended);
  expect(watches.map((watch) => watch.complete)).toEqual([true, true, true]);
  expect((await exited)[0]).toBe(0);
});
