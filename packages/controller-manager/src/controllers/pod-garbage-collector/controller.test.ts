import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import type { Node, Pod, Taint } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { defineController, observed, type Scope } from '../../controller.ts';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { collect, endedBeyond, goneNodes } from './controller.ts';

const of = (name: string, phase: string, nodeName?: string): Pod => ({
  metadata: { name, creationTimestamp: `2026-01-0${name.length}T00:00:00Z` },
  spec: { containers: [], nodeName },
  status: { phase },
});

describe('which pods nobody else will delete', () => {
  it('ended ones beyond the threshold, oldest first', () => {
    const pods = [of('ccc', 'Failed'), of('a', 'Succeeded'), of('bb', 'Failed'), of('dddd', 'Running')];
    expect(endedBeyond(pods, 1).map((each) => each.metadata.name)).toEqual(['a', 'bb']);
    expect(endedBeyond(pods, 3)).toEqual([]);
    expect(endedBeyond(pods, 0)).toEqual([]);
    const evicted = of('eeeee', 'Failed');
    evicted.status!.reason = 'Evicted';
    expect(endedBeyond([...pods, evicted], 2).map((each) => each.metadata.name)).toEqual(['eeeee', 'a']);
  });

  it('those of nodes that have been gone for a while', () => {
    const missing = new Map<string, number>();
    const pods = [of('a', 'Running', 'here'), of('b', 'Running', 'away')];
    expect(goneNodes(pods, new Set(['here']), missing, 0)).toEqual([]);
    expect(goneNodes(pods, new Set(['here']), missing, 50_000)).toEqual(['away']);
    expect(goneNodes(pods, new Set(['here', 'away']), missing, 60_000)).toEqual([]);
    expect(missing.size).toBe(0);
  });
});

describe('pod-garbage-collector-controller', () => {
  let cluster: TestCluster;
  afterEach(() => cluster.close());
  const on = (name: string, nodeName: string): Pod => ({
    metadata: { name, namespace: 'default' },
    spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
  });
  const nodeOf = (name: string, status: string, taints: Taint[] = []): Node => ({
    metadata: { name },
    spec: { taints },
    status: { conditions: [{ type: 'Ready', status }] },
  });

  let scope: Scope;
  /** Has caches as the controller does; the rounds are the test's. */
  const caches = defineController({
    name: 'caches',
    watches: [observed(pod), observed(node)],
    async run(given) {
      scope = given;
    },
    async reconcile() {},
  });
  /** Rounds, with nodes that have been gone for a minute, until one has done what is wanted. */
  const collectUntil = (gone: string[], done: () => Promise<boolean>) =>
    cluster.eventually(
      async () => {
        await collect(scope, new Map(gone.map((name) => [name, Date.now() - 60_000])), Date.now());
        return done();
      },
      (is) => is,
    );

  it('deletes by force what is on its way out on a node that was taken out of service, and nothing else', async () => {
    const outOfService = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
    cluster = await testCluster([caches]);
    const { client } = cluster;
    await client.create(node, nodeOf('out', 'Unknown', [outOfService]));
    await client.create(node, nodeOf('silent', 'Unknown'));
    await client.create(node, nodeOf('back', 'True', [outOfService]));
    for (const where of ['silent', 'back', 'out']) {
      await client.create(pod, on(`going-on-${where}`, where));
      await client.delete(pod, `going-on-${where}`, 'default');
    }
    await client.create(pod, on('staying', 'out'));
    await collectUntil([], () => cluster.gone(pod, 'going-on-out'));
    for (const name of ['going-on-silent', 'going-on-back', 'staying'])
      expect(await cluster.gone(pod, name)).toBe(false);
  });

  it('marks what ran on a node that is gone as failed, and deletes it', async () => {
    cluster = await testCluster([caches]);
    const orphan = on('orphan', 'gone');
    orphan.metadata.finalizers = ['example.com/look'];
    await cluster.client.create(pod, orphan);
    await collectUntil(
      ['gone'],
      async () => (await cluster.get(pod, 'orphan')).metadata.deletionTimestamp !== undefined,
    );
    const { status } = await cluster.get(pod, 'orphan');
    expect(status?.phase).toBe('Failed');
    expect(status?.conditions).toEqual([
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
      }),
    ]);
  });
});
