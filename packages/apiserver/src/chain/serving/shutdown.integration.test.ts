import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../testing/expectations.ts';
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

/** A request that is under way until it is destroyed: its body never comes. */
async function unfinished(): Promise<ClientRequest> {
  const outgoing = request(`${own.program.url}/api/v1/namespaces`, {
    method: 'POST',
    agent: false,
    ...own.program.admin,
    headers: { 'content-type': 'application/json', 'content-length': 100 },
  });
  outgoing.on('error', () => undefined).flushHeaders();
  await eventually(async () => {
    const { text } = await own.program.get('/metrics');
    return /^apiserver_current_inflight_requests\{request_kind="mutating"\} 1$/m.test(text);
  });
  return outgoing;
}

const ask = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request(own.program.url + path, { agent }, resolve)
      .once('error', reject)
      .end();
  });

it('ends watches cleanly, few of them at once, and sends everybody else away until the last request has ended', async () => {
  const slow = await unfinished();
  const watches = await Promise.all(
    Array.from({ length: 3 }, () => ask('/api/v1/namespaces?watch=true&resourceVersion=0')),
  );
  const ended = watches.map((watch) => once(watch.resume(), 'end'));
  const exited = once(own.program.child, 'exit');
  own.program.child.kill('SIGTERM');

  await Promise.all(ended);
  const refused = await ask('/api/v1/namespaces');
  expect(refused.statusCode).toBe(429);
  expect(refused.headers).toMatchObject({
    'retry-after': '5',
    connection: 'close',
    'strict-transport-security': 'max-age=3600',
  });
  refused.resume();

  slow.destroy();
  expect(watches.map((watch) => watch.complete)).toEqual([true, true, true]);
  expect((await exited)[0]).toBe(0);
});
