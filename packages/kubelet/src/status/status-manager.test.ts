import { pod as podKind } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import type { Pod, PodStatus } from '@coracle/api/types/core/v1';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import type { Client } from '@coracle/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusManager } from './status-manager.ts';

const limitMs = 30_000;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} } as never;

let server: TestServer;
let stop: AbortController;
/** What the kubelet's watch has shown last. */
let seen: Pod;
let statuses: StatusManager;
/** How often a status was written. */
let patches: number;

beforeEach(async () => {
  server = await startApiServer();
  stop = new AbortController();
  seen = await server.client.create(podKind, {
    metadata: { name: 'p', namespace: 'default' },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
  });
  patches = 0;
  const client: Client = {
    ...server.client,
    patch: (...args) => {
      patches++;
      return server.client.patch(...args);
    },
  };
  statuses = new StatusManager({ client, current: () => seen, log: quiet, signal: stop.signal });
});
afterEach(async () => {
  stop.abort();
  await server.close();
});

const live = () => server.client.get(podKind, 'p', 'default');
const isReady = (it: Pod) => findCondition(it.status?.conditions, 'Ready')?.status === 'True';
async function until(accept: (it: Pod) => boolean): Promise<Pod> {
  const end = performance.now() + limitMs;
  for (;;) {
    const it = await live();
    if (accept(it)) return it;
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(it.status)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const running: PodStatus = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
};
/** Another changes the Ready condition, as the node controller does with the pods of a node that is out of reach. */
async function overrule(): Promise<Pod> {
  const conditions = [{ type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:01:00Z' }];
  const status = { ...(await live()).status, conditions };
  return server.client.updateStatus(podKind, { ...(await live()), status });
}

describe('the status of a pod', () => {
  it('is told again where another has overruled it', async () => {
    statuses.set(seen, running);
    await until(isReady);
    seen = await overrule();
    statuses.retry(seen.metadata.uid!);
    const { status } = await until(isReady);
    expect(findCondition(status?.conditions, 'Ready')?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
  });

  it('is not told again for what the watch showed before it was', async () => {
    statuses.set(seen, running);
    const { metadata } = await until(isReady);
    statuses.retry(metadata.uid!); // the watch still shows the pod without a status
    statuses.set(seen, { ...running, startTime: '2026-01-01T00:00:00Z' });
    await until((it) => it.status?.startTime !== undefined);
    expect(patches).toBe(2);
  });

  it('leaves the conditions of others to them', async () => {
    statuses.set(seen, running);
    seen = await until(isReady);
    const others = [...seen.status!.conditions!, { type: 'example.com/checked', status: 'True' }];
    seen = await server.client.updateStatus(podKind, { ...seen, status: { ...seen.status, conditions: others } });
    statuses.retry(seen.metadata.uid!);
    statuses.set(seen, { ...running, startTime: '2026-01-01T00:00:00Z' });
    const after = await until((it) => it.status?.startTime !== undefined);
    expect(findCondition(after.status?.conditions, 'example.com/checked')?.status).toBe('True');
  });
});
