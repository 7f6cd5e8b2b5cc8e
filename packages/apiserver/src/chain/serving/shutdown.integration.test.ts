import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ownProgram } from '../../testing/own-program.ts';

const own = ownProgram([
  '--shutdown-send-retry-after',
  '--shutdown-watch-termination-grace-period=3s',
  '--strict-transport-security-directives=max-age=3600',
]);
let agent: Agent;

beforeAll(() => {
  agent = new Agent({ keepAlive: true, ...own.program.admin });
});
afterAll(() => {
  agent?.destroy();
});

const ask = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request(own.program.url + path, { agent }, resolve)
      .once('error', reject)
      .end();
  });

it('ends watches cleanly over their time, and sends everybody else away for the while', async () => {
  const watches = await Promise.all(
    Array.from({ length: 3 }, () => ask('/api/v1/namespaces?watch=true&resourceVersion=0')),
  );
  const ended = watches.map((watch) => once(watch.resume(), 'end'));
  const exited = once(own.program.child, 'exit');
  own.program.child.kill('SIGTERM');

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
