import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { event } from '@coracle/api/core/v1/event';
import { pod } from '@coracle/api/core/v1/pod';
import { controllerOf } from '@coracle/api/meta/owner';
import { afterEach, describe, expect, it } from '@jest/globals';
import { replicaSetOf, type TestCluster, templateOf, testCluster } from '../../testing/cluster.ts';
import { replicaSetController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const pods = () => cluster.list(pod, 'default', 'app=web');

describe('replicaset-controller', () => {
  it('makes the pods that are missing, owned by the set, and tells of it', async () => {
    cluster = await testCluster([replicaSetController]);
    const set = await cluster.client.create(replicaSet, replicaSetOf('web', 3));
    const made = await cluster.eventually(pods, (each) => each.length === 3);
    for (const each of made) {
      expect(each.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
      expect(controllerOf(each)).toMatchObject({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web',
        uid: set.metadata.uid,
        blockOwnerDeletion: true,
      });
    }
    const events = await cluster.eventually(
      () => cluster.list(event),
      (each) => each.length === 3,
    );
    expect(new Set(events.map((each) => each.message))).toEqual(
      new Set(made.map((each) => `Created pod: ${each.metadata.name}`)),
    );
    expect(events[0]).toMatchObject({
      reason: 'SuccessfulCreate',
      type: 'Normal',
      source: { component: 'replicaset-controller' },
    });
    const now = await cluster.eventually(
      () => cluster.get(replicaSet, 'web'),
      (each) => each.status?.replicas === 3,
    );
    expect(now.status).toMatchObject({ fullyLabeledReplicas: 3, observedGeneration: 1 });
  });

  it('replaces a pod that was deleted and one that failed', async () => {
    cluster = await testCluster([replicaSetController]);
    await cluster.client.create(replicaSet, replicaSetOf('web', 3));
    const [first, second] = await cluster.eventually(pods, (each) => each.length === 3);
    await cluster.client.delete(pod, first!.metadata.name!, 'default', { gracePeriodSeconds: 0 });
    await cluster.change(
      pod,
      second!.metadata.name!,
      (it) => {
        it.status = { ...it.status, phase: 'Failed' };
      },
      { status: true },
    );
    await cluster.eventually(pods, (each) => {
      const names = each.filter((it) => it.status?.phase !== 'Failed').map((it) => it.metadata.name);
      return names.length === 3 && !names.includes(first!.metadata.name) && !names.includes(second!.metadata.name);
    });
  });

  it('takes away the pods that are not ready first', async () => {
    cluster = await testCluster([replicaSetController]);
    await cluster.client.create(replicaSet, replicaSetOf('web', 4));
    const made = await cluster.eventually(pods, (each) => each.length === 4);
    const keep = made.slice(1, 3).map((each) => each.metadata.name!);
    for (const name of keep) await cluster.setReady(name, true);
    await cluster.eventually(
      () => cluster.get(replicaSet, 'web'),
      (each) => each.status?.readyReplicas === 2,
    );
    await cluster.change(replicaSet, 'web', (it) => {
      it.spec.replicas = 2;
    });
    const left = await cluster.eventually(
      pods,
      (each) => each.filter((it) => !it.metadata.deletionTimestamp).length === 2,
    );
    expect(
      left
        .filter((it) => !it.metadata.deletionTimestamp)
        .map((each) => each.metadata.name)
        .sort(),
    ).toEqual(keep.sort());
  });

  it('adopts an orphan it selects and releases a pod that no longer matches', async () => {
    cluster = await testCluster([replicaSetController]);
    const orphan = {
      metadata: { name: 'orphan', namespace: 'default', labels: { app: 'web' } },
      spec: templateOf('web').spec!,
    };
    await cluster.client.create(pod, orphan);
    const set = await cluster.client.create(replicaSet, replicaSetOf('web', 2));
    await cluster.eventually(
      pods,
      (each) => each.length === 2 && each.every((it) => controllerOf(it)?.uid === set.metadata.uid),
    );
    await cluster.change(pod, 'orphan', (it) => {
      it.metadata.labels = { app: 'else' };
    });
    await cluster.eventually(
      () => cluster.get(pod, 'orphan'),
      (it) => controllerOf(it) === undefined,
    );
    await cluster.eventually(pods, (each) => each.length === 2);
  });

  it('counts as available what has been ready for minReadySeconds', async () => {
    cluster = await testCluster([replicaSetController]);
    cluster.runPods();
    await cluster.client.create(replicaSet, replicaSetOf('web', 1, { minReadySeconds: 2 }));
    const ready = await cluster.eventually(
      () => cluster.get(replicaSet, 'web'),
      (it) => it.status?.readyReplicas === 1,
    );
    expect(ready.status?.availableReplicas ?? 0).toBe(0);
    await cluster.eventually(
      () => cluster.get(replicaSet, 'web'),
      (it) => it.status?.availableReplicas === 1,
    );
  });
});
