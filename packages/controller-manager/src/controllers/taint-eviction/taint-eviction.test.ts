import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { now } from '@coracle/api/meta/time';
import type { Pod, Taint, Toleration } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { taintEvictionController } from './controller.ts';
import { timeLeft } from './tolerance.ts';

const taint: Taint = { key: 'bad', value: 'day', effect: 'NoExecute' };

describe('how long a pod may stay', () => {
  it.each<[string, Toleration[], number | undefined]>([
    ['not at all without a toleration', [], 0],
    ['for ever with one', [{ key: 'bad', operator: 'Exists' }], undefined],
    ['as long as it says', [{ key: 'bad', value: 'day', effect: 'NoExecute', tolerationSeconds: 5 }], 5000],
    [
      'the shortest of several',
      [
        { operator: 'Exists', tolerationSeconds: 9 },
        { key: 'bad', operator: 'Exists', tolerationSeconds: 3 },
      ],
      3000,
    ],
    ['not at all with one for another value', [{ key: 'bad', value: 'night' }], 0],
    ['not at all with one for another effect', [{ key: 'bad', operator: 'Exists', effect: 'NoSchedule' }], 0],
    ['not at all with a negative time', [{ operator: 'Exists', tolerationSeconds: -1 }], 0],
  ])('%s', (_name, tolerations, expected) => expect(timeLeft([taint], tolerations)).toBe(expected));
});

describe('taint-eviction-controller', () => {
  let cluster: TestCluster;
  afterEach(() => cluster.close());
  const on = (name: string, tolerations: Toleration[]): Pod => ({
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'n', tolerations, terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'i' }] },
  });

  it('deletes what does not tolerate a taint, late what does for a time, and never what does', async () => {
    cluster = await testCluster([taintEvictionController]);
    const { client } = cluster;
    await client.create(node, { metadata: { name: 'n' }, spec: {} });
    await client.create(pod, on('soon', []));
    await client.create(
      pod,
      on('later', [{ key: 'bad', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }]),
    );
    await client.create(pod, on('never', [{ key: 'bad', operator: 'Exists' }]));
    await cluster.change(node, 'n', (it) => {
      it.spec.taints = [{ ...taint, timeAdded: now() }];
    });
    await cluster.eventually(
      () => cluster.gone(pod, 'soon'),
      (gone) => gone,
    );
    await cluster.eventually(
      () => cluster.gone(pod, 'later'),
      (gone) => gone,
    );
    expect(await cluster.gone(pod, 'never')).toBe(false);
  });

  it('writes into the pod why it goes', async () => {
    cluster = await testCluster([taintEvictionController]);
    const { client } = cluster;
    await client.create(node, { metadata: { name: 'n' }, spec: { taints: [taint] } });
    const slow = on('slow', []);
    slow.spec.terminationGracePeriodSeconds = 600;
    await client.create(pod, slow);
    const { status } = await cluster.eventually(
      () => cluster.get(pod, 'slow'),
      (it) => it.metadata.deletionTimestamp !== undefined,
    );
    expect(findCondition(status?.conditions, 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    });
  });
});
