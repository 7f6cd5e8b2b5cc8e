import { node as nodeKind } from '@coracle/api/core/v1/node';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Machine } from './machine.ts';
import { NodeManager } from './node-manager.ts';
import type { NodeIdentity } from './node-object.ts';

let api: TestServer;
const stop = new AbortController();
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(async () => {
  stop.abort();
  await api?.close();
});

const identity: NodeIdentity = {
  name: 'n1',
  ips: ['10.0.0.1'],
  labels: {},
  taints: [],
  providerId: '',
  podCidr: '',
  port: 10250,
  runtimeVersion: 'containerd://1.6.20',
  attachDetach: true,
};
const machine: Machine = {
  cpus: 1,
  memory: 1e9,
  swap: 0,
  hugepages: {},
  machineId: '',
  systemUuid: '',
  bootId: '',
  kernel: '',
  osImage: '',
  architecture: 'amd64',
};
const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

it('tells again that it is ready when others have written in its absence that nobody knows', async () => {
  const manager = new NodeManager({
    client: api.client,
    identity,
    machine,
    register: true,
    facts: async () => ({ capacity: { pods: '110' } }),
    pressure: async () => ({ memory: false, disk: false, pid: false }),
    problems: () => [],
    updateEvery: 20,
    reportEvery: 300_000,
    events: { node: () => {} } as never,
    log: quiet as never,
    signal: stop.signal,
  });
  void manager.run();
  const ready = async (status: string) => {
    for (let tries = 0; ; tries++) {
      const found = await api.client.get(nodeKind, 'n1').catch(() => undefined);
      const condition = found?.status?.conditions?.find((it) => it.type === 'Ready');
      if (found && condition?.status === status) return found;
      if (tries > 500) throw new Error(`last seen: ${JSON.stringify(found?.status)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const node = await ready('True');
  const unknown = node.status!.conditions!.map((it) => ({ ...it, status: 'Unknown', reason: 'NodeStatusUnknown' }));
  const version = (
    await api.client.patch(
      nodeKind,
      'n1',
      undefined,
      { type: 'merge', body: { status: { conditions: unknown } } },
      { subresource: 'status' },
    )
  ).metadata.resourceVersion;
  const again = await ready('True');
  expect(Number(again.metadata.resourceVersion)).toBeGreaterThan(Number(version));

  await api.client.delete(nodeKind, 'n1');
  expect((await ready('True')).metadata.uid).not.toBe(node.metadata.uid);
});
