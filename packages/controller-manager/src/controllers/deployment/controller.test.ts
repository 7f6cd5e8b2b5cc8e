import { deployment } from '@coracle/api/apps/v1/deployment';
import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { event } from '@coracle/api/core/v1/event';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { Pod } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deploymentOf, type TestCluster, templateOf, testCluster } from '../../testing/cluster.ts';
import { replicaSetController } from '../replicaset/controller.ts';
import { revisionOf } from './annotations.ts';
import { deploymentController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const both = [deploymentController, replicaSetController];
const web = () => cluster.get(deployment, 'web');
const sets = () => cluster.list(replicaSet);
const active = (each: ReplicaSet[]) => each.filter((it) => it.spec.replicas! > 0);
const progressing = (it: Deployment) => findCondition(it.status?.conditions, 'Progressing');
const done = (it: Deployment) =>
  it.status?.observedGeneration === it.metadata.generation &&
  progressing(it)?.reason === 'NewReplicaSetAvailable' &&
  it.status?.updatedReplicas === it.spec.replicas &&
  it.status?.replicas === it.spec.replicas &&
  it.status?.availableReplicas === it.spec.replicas;
const setImage = (image: string) =>
  cluster.change(deployment, 'web', (it) => {
    it.spec.template = templateOf('web', image);
  });

describe('deployment-controller', () => {
  it('rolls out a first set and reports it', async () => {
    cluster = await testCluster(both);
    cluster.runPods();
    await cluster.client.create(deployment, deploymentOf('web', 2));
    const it = await cluster.eventually(web, done);
    const [set] = await sets();
    const hash = set!.metadata.labels!['pod-template-hash'];
    expect(set!.metadata.name).toBe(`web-${hash}`);
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
    expect(set!.spec.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(set!.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '2',
      'deployment.kubernetes.io/max-replicas': '3',
    });
    expect(it.metadata.annotations!['deployment.kubernetes.io/revision']).toBe('1');
    expect(progressing(it)).toMatchObject({
      status: 'True',
      message: `ReplicaSet "${set!.metadata.name}" has successfully progressed.`,
    });
    expect(findCondition(it.status?.conditions, 'Available')).toMatchObject({
      status: 'True',
      reason: 'MinimumReplicasAvailable',
      message: 'Deployment has minimum availability.',
    });
    const events = await cluster.eventually(
      () => cluster.list(event),
      (all) => all.some((each) => each.reason === 'ScalingReplicaSet'),
    );
    expect(events.find((each) => each.reason === 'ScalingReplicaSet')).toMatchObject({
      message: `Scaled up replica set ${set!.metadata.name} from 0 to 2`,
      source: { component: 'deployment-controller' },
    });
  });

  it('rolls to a new image within the surge and never below what must be available', async () => {
    cluster = await testCluster(both);
    cluster.runPods();
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await cluster.client.create(deployment, deploymentOf('web', 4, { strategy }));
    await cluster.eventually(web, done);
    await setImage('nginx:1.16.1');
    let most = 0;
    let fewest = 4;
    await cluster.eventually(web, (it) => {
      most = Math.max(most, it.status?.replicas ?? 0);
      fewest = Math.min(fewest, it.status?.availableReplicas ?? 4);
      return it.metadata.generation === 2 && done(it);
    });
    expect(most).toBeLessThanOrEqual(5);
    expect(fewest).toBeGreaterThanOrEqual(4);
    const [set, ...others] = active(await sets());
    expect(others).toEqual([]);
    expect(set!.spec.template!.spec!.containers[0]!.image).toBe('nginx:1.16.1');
    expect(revisionOf(await web())).toBe(2n);
  });

  it('goes back to an old template by its old set, under a new revision', async () => {
    cluster = await testCluster(both);
    cluster.runPods();
    await cluster.client.create(deployment, deploymentOf('web', 1));
    await cluster.eventually(web, done);
    const [first] = await sets();
    await setImage('nginx:1.16.1');
    await cluster.eventually(web, (it) => revisionOf(it) === 2n && done(it));
    await setImage('nginx:1.14.2');
    await cluster.eventually(web, (it) => revisionOf(it) === 3n && done(it));
    const now = await sets();
    expect(now).toHaveLength(2);
    const again = now.find((each) => each.metadata.name === first!.metadata.name)!;
    expect(again.spec.replicas).toBe(1);
    expect(again.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  it('keeps as many old sets as revisionHistoryLimit says', async () => {
    cluster = await testCluster(both);
    cluster.runPods();
    await cluster.client.create(deployment, deploymentOf('web', 1, { revisionHistoryLimit: 1 }));
    await cluster.eventually(web, done);
    for (const revision of [2, 3, 4]) {
      await setImage(`nginx:${revision}`);
      await cluster.eventually(web, (it) => revisionOf(it) === BigInt(revision) && done(it));
    }
    const left = await cluster.eventually(sets, (each) => each.length === 2);
    expect(left.map(revisionOf).sort()).toEqual([3n, 4n]);
  });

  it('does not roll while paused, but scales', async () => {
    cluster = await testCluster(both);
    cluster.runPods();
    await cluster.client.create(deployment, deploymentOf('web', 1));
    await cluster.eventually(web, done);
    await cluster.change(deployment, 'web', (it) => {
      it.spec.paused = true;
    });
    await cluster.eventually(web, (it) => progressing(it)?.reason === 'DeploymentPaused');
    await setImage('nginx:1.16.1');
    await cluster.change(deployment, 'web', (it) => {
      it.spec.replicas = 3;
    });
    await cluster.eventually(web, (it) => it.status?.availableReplicas === 3);
    expect(await sets()).toHaveLength(1);
    await cluster.change(deployment, 'web', (it) => {
      it.spec.paused = false;
    });
    await cluster.eventually(web, (it) => revisionOf(it) === 2n && done(it));
  });

  it('scales old and new set in proportion in the middle of a rollout', async () => {
    cluster = await testCluster(both);
    const old = (it: Pod) => it.spec!.containers[0]!.image === 'nginx:1.14.2';
    cluster.runPods(old);
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
    await cluster.client.create(deployment, deploymentOf('web', 10, { strategy }));
    await cluster.eventually(web, done);
    await setImage('nginx:broken');
    // The documented example: 8 old and 5 new pods; 15 wanted become 11 and 7.
    const sizes = async () => (await sets()).map((each) => each.spec.replicas).sort();
    await cluster.eventually(sizes, (each) => JSON.stringify(each) === '[5,8]');
    await cluster.change(deployment, 'web', (it) => {
      it.spec.replicas = 15;
    });
    await cluster.eventually(sizes, (each) => JSON.stringify(each) === '[11,7]');
  });

  it('says when it gets nowhere within progressDeadlineSeconds', async () => {
    cluster = await testCluster(both);
    await cluster.client.create(deployment, deploymentOf('web', 1, { progressDeadlineSeconds: 1 }));
    const it = await cluster.eventually(web, (each) => progressing(each)?.status === 'False');
    const [set] = await sets();
    expect(progressing(it)).toMatchObject({
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${set!.metadata.name}" has timed out progressing.`,
    });
  });

  it('with Recreate, starts no new pod before the last old one is gone', async () => {
    cluster = await testCluster(both);
    cluster.runPods();
    await cluster.client.create(deployment, deploymentOf('web', 2, { strategy: { type: 'Recreate' } }));
    await cluster.eventually(web, done);
    const [held] = await cluster.list(pod);
    await cluster.change(pod, held!.metadata.name!, (it) => {
      it.metadata.finalizers = ['example.com/held'];
    });
    await setImage('nginx:1.16.1');
    await cluster.eventually(sets, (each) => each.length === 1 && each[0]!.spec.replicas === 0);
    await cluster.eventually(
      () => cluster.list(pod),
      (each) => each.every((it) => it.metadata.deletionTimestamp),
    );
    expect(await sets()).toHaveLength(1);
    for (const each of await cluster.list(pod)) {
      await cluster.change(pod, each.metadata.name!, (it) => {
        it.metadata.finalizers = [];
      });
      await cluster.client.delete(pod, each.metadata.name!, 'default', { gracePeriodSeconds: 0 }).catch(() => {});
    }
    await cluster.eventually(web, (it) => revisionOf(it) === 2n && done(it));
  });
});
