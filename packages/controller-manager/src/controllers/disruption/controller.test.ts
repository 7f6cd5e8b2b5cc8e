import { deployment } from '@coracle/api/apps/v1/deployment';
import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { event } from '@coracle/api/core/v1/event';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { isTooManyRequests } from '@coracle/api/meta/status';
import { formatTime } from '@coracle/api/meta/time';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@coracle/api/types/policy/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deploymentOf, replicaSetOf, type TestCluster, templateOf, testCluster } from '../../testing/cluster.ts';
import { deploymentController } from '../deployment/controller.ts';
import { replicaSetController } from '../replicaset/controller.ts';
import { disruptionController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const budgetOf = (spec: PodDisruptionBudget['spec']): PodDisruptionBudget => ({
  metadata: { name: 'budget', namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
});
/** Waits for a status with these counts. */
const statusOf = async (counts: Partial<PodDisruptionBudgetStatus>): Promise<PodDisruptionBudgetStatus> =>
  (
    await cluster.eventually(
      () => cluster.get(podDisruptionBudget, 'budget'),
      ({ status }) => Object.entries(counts).every(([name, value]) => status?.[name as keyof typeof status] === value),
    )
  ).status!;
const events = (reason: string) =>
  cluster.eventually(
    async () => (await cluster.list(event)).filter((it) => it.reason === reason),
    (found) => found.length > 0,
  );
const evict = (name: string): Promise<unknown> =>
  cluster.client.subresource(pod, name, 'default', 'eviction', 'POST', {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: 'default' },
  });

describe('disruption-controller', () => {
  it.each<[string, PodDisruptionBudget['spec'], Partial<PodDisruptionBudgetStatus>]>([
    ['a number that must stay', { minAvailable: 2 }, { desiredHealthy: 2, disruptionsAllowed: 3 }],
    ['a share that must stay, rounded up', { minAvailable: '50%' }, { desiredHealthy: 3, disruptionsAllowed: 2 }],
    ['a number that may go', { maxUnavailable: 1 }, { desiredHealthy: 4, disruptionsAllowed: 1 }],
    ['a share that may go, rounded up', { maxUnavailable: '30%' }, { desiredHealthy: 3, disruptionsAllowed: 2 }],
    ['more than there are that may go', { maxUnavailable: 9 }, { desiredHealthy: 0, disruptionsAllowed: 5 }],
  ])('works out %s', async (_name, spec, expected) => {
    cluster = await testCluster([deploymentController, replicaSetController, disruptionController()]);
    cluster.runPods();
    await cluster.client.create(podDisruptionBudget, budgetOf(spec));
    await cluster.client.create(deployment, deploymentOf('web', 5));
    const status = await statusOf({ currentHealthy: 5, expectedPods: 5, observedGeneration: 1, ...expected });
    expect(findCondition(status.conditions, 'DisruptionAllowed')).toMatchObject({
      status: 'True',
      reason: 'SufficientPods',
    });
    expect((await events('NoPods'))[0]).toMatchObject({
      type: 'Normal',
      message: 'No matching pods found',
      source: { component: 'controllermanager' },
    });
  });

  it('follows the scale of a ReplicaSet, whether its pods are there yet or not', async () => {
    cluster = await testCluster([replicaSetController, disruptionController()]);
    cluster.runPods();
    await cluster.client.create(replicaSet, replicaSetOf('web', 2));
    await cluster.client.create(podDisruptionBudget, budgetOf({ minAvailable: '100%' }));
    await statusOf({ expectedPods: 2, desiredHealthy: 2, currentHealthy: 2, disruptionsAllowed: 0 });
    await cluster.change(replicaSet, 'web', (it) => {
      it.spec.replicas = 4;
    });
    await statusOf({ expectedPods: 4, desiredHealthy: 4, currentHealthy: 4 });
  });

  it('lets a whole deployment be evicted pod by pod, never below what must stay', async () => {
    cluster = await testCluster([deploymentController, replicaSetController, disruptionController()]);
    cluster.runPods();
    await cluster.client.create(podDisruptionBudget, budgetOf({ minAvailable: 2 }));
    // Bound to a node, so that they end with grace.
    const { metadata, spec } = templateOf('web');
    const template = { metadata, spec: { ...spec!, nodeName: 'n' } };
    await cluster.client.create(deployment, deploymentOf('web', 3, { template }));
    await statusOf({ currentHealthy: 3, disruptionsAllowed: 1 });
    const first = (await cluster.list(pod)).map((it) => it.metadata.name!);
    const healthy = async (): Promise<number> =>
      (await cluster.list(pod)).filter(
        (it) => !it.metadata.deletionTimestamp && findCondition(it.status?.conditions, 'Ready')?.status === 'True',
      ).length;
    const drain = async (name: string): Promise<void> => {
      await cluster.eventually(
        async () => {
          try {
            await evict(name);
            return true;
          } catch (error) {
            if (isTooManyRequests(error)) return false;
            throw error;
          } finally {
            expect(await healthy()).toBeGreaterThanOrEqual(2);
          }
        },
        (done) => done,
      );
      await cluster.client.delete(pod, name, 'default', { gracePeriodSeconds: 0 });
    };
    await Promise.all(first.map(drain));
    await statusOf({ currentHealthy: 3, disruptionsAllowed: 1 });
    const now = (await cluster.list(pod)).map((it) => it.metadata.name!);
    expect(now.filter((name) => first.includes(name))).toEqual([]);
  });

  it('waits for a pod whose eviction was granted, and gives up on it after two minutes', async () => {
    cluster = await testCluster([disruptionController()]);
    for (const name of ['a', 'b']) {
      const template = templateOf('web');
      await cluster.client.create(pod, {
        metadata: { name, namespace: 'default', ...template.metadata },
        spec: template.spec!,
      });
      await cluster.setReady(name, true);
    }
    await cluster.client.create(podDisruptionBudget, budgetOf({ minAvailable: 1 }));
    await statusOf({ currentHealthy: 2, disruptionsAllowed: 1 });
    const grant = (ms: number): Promise<unknown> =>
      cluster.change(
        podDisruptionBudget,
        'budget',
        (it) => {
          it.status = { ...it.status, disruptionsAllowed: 0, disruptedPods: { a: formatTime(Date.now() - ms) } };
        },
        { status: true },
      );
    await grant(60_000);
    await statusOf({ currentHealthy: 1, disruptionsAllowed: 0 });
    await grant(180_000);
    expect((await statusOf({ currentHealthy: 2, disruptionsAllowed: 1 })).disruptedPods).toBeUndefined();
    expect((await events('NotDeleted'))[0]).toMatchObject({
      type: 'Warning',
      message: "Pod was expected by PDB default/budget to be deleted but it wasn't",
      involvedObject: { name: 'a' },
    });
  });

  it('allows nothing where the pods belong to a controller that has no scale, and says why', async () => {
    cluster = await testCluster([disruptionController()]);
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true };
    const { metadata, spec } = templateOf('web');
    await cluster.client.create(pod, {
      metadata: { name: 'a', namespace: 'default', ...metadata, ownerReferences: [owner] },
      spec: spec!,
    });
    await cluster.client.create(podDisruptionBudget, budgetOf({ maxUnavailable: 1 }));
    const why = 'daemonsets.apps does not implement the scale subresource';
    const failed = await cluster.eventually(
      () => cluster.get(podDisruptionBudget, 'budget'),
      (it) => (it.status?.conditions ?? []).length > 0,
    );
    expect(failed.status).toMatchObject({ disruptionsAllowed: 0 });
    expect(findCondition(failed.status?.conditions, 'DisruptionAllowed')).toMatchObject({
      status: 'False',
      reason: 'SyncFailed',
      message: why,
    });
    expect((await events('CalculateExpectedPodCountFailed'))[0]?.message).toBe(
      `Failed to calculate the number of expected pods: ${why}`,
    );
  });

  it('asks the scale subresource of other controllers', async () => {
    cluster = await testCluster([disruptionController()]);
    const made = await cluster.client.create(deployment, deploymentOf('boss', 4));
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'boss',
      uid: made.metadata.uid!,
      controller: true,
    };
    const { metadata, spec } = templateOf('web');
    const ownedPod = (name: string, uid: string) =>
      cluster.client.create(pod, {
        metadata: { name, namespace: 'default', ...metadata, ownerReferences: [{ ...owner, uid }] },
        spec: spec!,
      });
    await ownedPod('a', owner.uid);
    await cluster.client.create(podDisruptionBudget, budgetOf({ maxUnavailable: '25%' }));
    await statusOf({ expectedPods: 4, desiredHealthy: 3 });
    await ownedPod('b', 'somebody else');
    await cluster.eventually(
      () => cluster.get(podDisruptionBudget, 'budget'),
      ({ status }) =>
        findCondition(status?.conditions, 'DisruptionAllowed')?.message === 'found no controllers for pod "b"',
    );
  });

  it('counts pods of nobody as they are, and warns where a share of them was asked for', async () => {
    cluster = await testCluster([disruptionController()]);
    const { metadata, spec } = templateOf('web');
    await cluster.client.create(pod, { metadata: { name: 'a', namespace: 'default', ...metadata }, spec: spec! });
    await cluster.client.create(podDisruptionBudget, budgetOf({ minAvailable: '50%' }));
    expect((await events('UnmanagedPods'))[0]?.message).toContain('(selector: app=web) were found to be unmanaged');
    await statusOf({ expectedPods: 0, disruptionsAllowed: 0, observedGeneration: 1 });
  });

  it('takes back the mark of a pod that was not deleted', async () => {
    cluster = await testCluster([disruptionController()]);
    const { metadata, spec } = templateOf('web');
    await cluster.client.create(pod, { metadata: { name: 'a', namespace: 'default', ...metadata }, spec: spec! });
    const mark = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };
    await cluster.change(
      pod,
      'a',
      (it) => {
        it.status = { ...it.status, conditions: [{ ...mark, lastTransitionTime: formatTime(Date.now() - 180_000) }] };
      },
      { status: true },
    );
    await cluster.eventually(
      () => cluster.get(pod, 'a'),
      (it) => findCondition(it.status?.conditions, 'DisruptionTarget')?.status === 'False',
    );
  });
});
