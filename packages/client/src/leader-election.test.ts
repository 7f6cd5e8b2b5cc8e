import { lease } from '@coracle/api/coordination/v1/lease';
import { microNow } from '@coracle/api/meta/time';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LeaderElectionLost } from './fence.ts';
import { leading } from './leader-election.ts';
import { until } from './testing/fake-server.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const times = { leaseDuration: 1500, renewDeadline: 1000, retryPeriod: 100 };
let server: TestServer;
afterEach(() => server.close());

const candidate = (identity: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>) =>
  leading(server.client, { name: 'boss', namespace: 'kube-system', identity, ...times, log: quiet }, signal, work);
const holder = async () => (await server.client.get(lease, 'boss', 'kube-system')).spec?.holderIdentity;
const ended = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('leader election', () => {
  it('lets one lead at a time and the next one follow when the first gives up its lease', async () => {
    server = await startApiServer();
    const stops = { a: new AbortController(), b: new AbortController() };
    const leaders: string[] = [];
    const run = (name: 'a' | 'b') =>
      candidate(name, stops[name].signal, async (signal) => {
        leaders.push(name);
        await ended(signal);
      });
    const first = run('a');
    await until(() => leaders.length === 1);
    const second = run('b');
    expect(await holder()).toBe('a');
    stops.a.abort(new Error('stop'));
    await first;
    await until(() => leaders.length === 2);
    expect(leaders).toEqual(['a', 'b']);
    const { spec } = await server.client.get(lease, 'boss', 'kube-system');
    expect(spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1, leaseDurationSeconds: 2 });
    stops.b.abort(new Error('stop'));
    await second;
  });

  it('takes over from a leader that went silent', async () => {
    server = await startApiServer();
    await server.client.create(lease, {
      metadata: { name: 'boss', namespace: 'kube-system' },
      spec: {
        holderIdentity: 'dead',
        leaseDurationSeconds: 1,
        renewTime: microNow(),
        acquireTime: microNow(),
        leaseTransitions: 4,
      },
    });
    const stop = new AbortController();
    await candidate('a', stop.signal, async () => {
      const { spec } = await server.client.get(lease, 'boss', 'kube-system');
      expect(spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 5 });
    });
  });

  it('ends the work when another has taken the lease', async () => {
    server = await startApiServer();
    let aborted = false;
    const work = candidate('a', new AbortController().signal, async (signal) => {
      const current = await server.client.get(lease, 'boss', 'kube-system');
      await server.client.update(lease, {
        ...current,
        spec: { ...current.spec, holderIdentity: 'thief', leaseDurationSeconds: 60 },
      });
      await ended(signal);
      aborted = true;
    });
    await expect(work).rejects.toThrow(LeaderElectionLost);
    expect(aborted).toBe(true);
    expect(await holder()).toBe('thief');
  });

  it('refuses times that cannot work', async () => {
    server = await startApiServer();
    const bad = {
      name: 'x',
      namespace: 'default',
      identity: 'a',
      leaseDuration: 1000,
      renewDeadline: 1000,
      retryPeriod: 100,
    };
    await expect(leading(server.client, bad, new AbortController().signal, async () => {})).rejects.toThrow(
      'leaseDuration must be greater than renewDeadline',
    );
  });
});
