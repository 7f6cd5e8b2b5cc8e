import { deployment } from '@coracle/api/apps/v1/deployment';
import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { configMap } from '@coracle/api/core/v1/configmap';
import { event } from '@coracle/api/core/v1/event';
import { namespace } from '@coracle/api/core/v1/namespace';
import { pod } from '@coracle/api/core/v1/pod';
import { secret } from '@coracle/api/core/v1/secret';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { ownerRef } from '@coracle/api/meta/owner';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import type { OwnerReference } from '@coracle/api/types/meta/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deploymentOf, type TestCluster, testCluster } from '../../testing/cluster.ts';
import { deploymentController } from '../deployment/controller.ts';
import { replicaSetController } from '../replicaset/controller.ts';
import { garbageCollectorController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const start = async () => {
  cluster = await testCluster([garbageCollectorController]);
};
const map = (name: string, owners: OwnerReference[] = [], more: object = {}) =>
  cluster.client.create(configMap, { metadata: { name, namespace: 'default', ownerReferences: owners, ...more } });
const gone = (kind: AnyKind, name: string, where?: string) =>
  cluster.eventually(
    () => cluster.gone(kind, name, where),
    (is) => is,
  );
const ref = (owner: KubeObject, more: Partial<OwnerReference> = {}) => ({ ...ownerRef(owner, configMap), ...more });
const remove = (name: string, propagationPolicy: 'Background' | 'Foreground' | 'Orphan') =>
  cluster.client.delete(configMap, name, 'default', { propagationPolicy });
/** Something that is only collected after everything before it was looked at. */
const settled = async () => {
  const marker = await map('marker-owner');
  await map('marker', [ref(marker)]);
  await remove('marker-owner', 'Background');
  await gone(configMap, 'marker');
};

describe('garbage-collector-controller', () => {
  it('deletes dependents after their owner, and theirs in turn', async () => {
    await start();
    const top = await map('top');
    const middle = await map('middle', [ref(top)]);
    await cluster.client.create(secret, {
      metadata: { name: 'bottom', namespace: 'default', ownerReferences: [ref(middle)] },
    });
    await remove('top', 'Background');
    await gone(secret, 'bottom');
    expect(await cluster.gone(configMap, 'middle')).toBe(true);
  });

  it('deletes an object whose owner was gone before it came', async () => {
    await start();
    await map('late', [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: '11111111-2222-3333-4444-555555555555' },
    ]);
    await gone(configMap, 'late');
  });

  it('deletes an object whose owner was replaced by another of its name', async () => {
    await start();
    const first = await map('owner');
    await remove('owner', 'Orphan');
    await gone(configMap, 'owner');
    await map('owner');
    await map('dependent', [ref(first)]);
    await gone(configMap, 'dependent');
    expect(await cluster.gone(configMap, 'owner')).toBe(false);
  });

  it('keeps an object while one owner is left, without the others', async () => {
    await start();
    const [one, two] = [await map('one'), await map('two')];
    await map('shared', [ref(one), ref(two)]);
    await remove('one', 'Background');
    const kept = await cluster.eventually(
      () => cluster.get(configMap, 'shared'),
      (it) => it.metadata.ownerReferences?.length === 1,
    );
    expect(kept.metadata.ownerReferences![0]!.name).toBe('two');
    await remove('two', 'Background');
    await gone(configMap, 'shared');
  });

  it('in the foreground, keeps the owner until the dependents that block it are gone', async () => {
    await start();
    const owner = await map('owner');
    await map('blocking', [ref(owner, { blockOwnerDeletion: true })], { finalizers: ['example.com/held'] });
    await map('other', [ref(owner)], { finalizers: ['example.com/held'] });
    await remove('owner', 'Foreground');
    await cluster.eventually(
      () => cluster.get(configMap, 'blocking'),
      (it) => it.metadata.deletionTimestamp !== undefined,
    );
    const waiting = await cluster.get(configMap, 'owner');
    expect(waiting.metadata.finalizers).toEqual(['foregroundDeletion']);
    await cluster.change(configMap, 'blocking', (it) => {
      it.metadata.finalizers = [];
    });
    await gone(configMap, 'owner');
    expect((await cluster.get(configMap, 'other')).metadata.finalizers).toContain('example.com/held');
    await cluster.change(configMap, 'other', (it) => {
      it.metadata.finalizers = [];
    });
    await gone(configMap, 'other');
  });

  it('leaves orphans, without the reference', async () => {
    await start();
    const owner = await map('owner');
    await map('orphan', [ref(owner)]);
    await remove('owner', 'Orphan');
    await gone(configMap, 'owner');
    const left = await cluster.eventually(
      () => cluster.get(configMap, 'orphan'),
      (it) => !it.metadata.ownerReferences?.length,
    );
    await settled();
    expect((await cluster.get(configMap, 'orphan')).metadata.uid).toBe(left.metadata.uid);
  });

  it('takes an owner in another namespace for absent, and a cluster-scoped one as it is', async () => {
    await start();
    await cluster.client.create(namespace, { metadata: { name: 'other' }, spec: {} });
    const far = await cluster.client.create(configMap, { metadata: { name: 'far', namespace: 'other' } });
    const role = await cluster.client.create(clusterRole, { metadata: { name: 'wide' }, rules: [] });
    await map('astray', [ref(far)]);
    await map('near', [ownerRef(role, clusterRole)]);
    await gone(configMap, 'astray');
    const [told] = await cluster.eventually(
      () => cluster.list(event),
      (each) => each.length > 0,
    );
    expect(told).toMatchObject({
      reason: 'OwnerRefInvalidNamespace',
      type: 'Warning',
      message: `ownerRef [v1/ConfigMap, namespace: default, name: far, uid: ${far.metadata.uid}] does not exist in namespace "default"`,
      source: { component: 'garbage-collector-controller' },
    });
    expect(await cluster.gone(configMap, 'near')).toBe(false);
    await cluster.client.delete(clusterRole, 'wide');
    await gone(configMap, 'near');
  });

  it('never deletes a cluster-scoped object for an owner in a namespace', async () => {
    await start();
    const owner = await map('owner');
    await cluster.client.create(clusterRole, { metadata: { name: 'wide', ownerReferences: [ref(owner)] }, rules: [] });
    await remove('owner', 'Background');
    await gone(configMap, 'owner');
    await settled();
    expect(await cluster.gone(clusterRole, 'wide')).toBe(false);
  });

  it('cuts a circle of owners that wait for each other', async () => {
    await start();
    const one = await map('one');
    const two = await map('two', [ref(one, { blockOwnerDeletion: true })]);
    await cluster.change(configMap, 'one', (it) => {
      it.metadata.ownerReferences = [ref(two, { blockOwnerDeletion: true })];
    });
    await remove('one', 'Foreground');
    await gone(configMap, 'one');
    await gone(configMap, 'two');
  });

  it('takes a deployment down to its pods, and orphans its set when asked', async () => {
    cluster = await testCluster([deploymentController, replicaSetController, garbageCollectorController]);
    await cluster.client.create(deployment, deploymentOf('web', 2));
    await cluster.client.create(deployment, deploymentOf('kept', 1));
    await cluster.eventually(
      () => cluster.list(pod),
      (each) => each.length === 3,
    );
    await cluster.client.delete(deployment, 'web', 'default', { propagationPolicy: 'Foreground' });
    await gone(deployment, 'web');
    await cluster.eventually(
      () => cluster.list(pod),
      (each) => each.length === 1,
    );
    await cluster.client.delete(deployment, 'kept', 'default', { propagationPolicy: 'Orphan' });
    await gone(deployment, 'kept');
    const sets = await cluster.eventually(
      () => cluster.list(replicaSet),
      (each) => each.length === 1 && !each[0]!.metadata.ownerReferences?.length,
    );
    expect(sets[0]!.spec.replicas).toBe(1);
  });
});
