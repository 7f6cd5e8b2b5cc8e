import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { isEstablished } from '@coracle/api/apiextensions/v1/definition-conditions';
import { configMap } from '@coracle/api/core/v1/configmap';
import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { pod } from '@coracle/api/core/v1/pod';
import { resourceQuota } from '@coracle/api/core/v1/resourcequota';
import { service } from '@coracle/api/core/v1/service';
import { allVerbs, type Kind } from '@coracle/api/kind';
import type { ResourceQuotaSpec } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { resourceQuotaController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const place = (name: string) => ({ metadata: { name, namespace: 'default' } });
const make = (spec: ResourceQuotaSpec, name = 'q') => cluster.client.create(resourceQuota, { ...place(name), spec });
const run = (client: Client, name: string, cpu = '100m') =>
  client.create(pod, {
    ...place(name),
    spec: { containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }] },
  });
/** Waits until a quota says that this is used. */
const shows = (used: Record<string, string>, name = 'q') =>
  cluster.eventually(
    async () => (await cluster.get(resourceQuota, name)).status?.used,
    (now) => JSON.stringify(Object.entries(now ?? {}).sort()) === JSON.stringify(Object.entries(used).sort()),
  );

const gadget: Kind = {
  kind: 'Gadget',
  plural: 'gadgets',
  singular: 'gadget',
  listKind: 'GadgetList',
  group: 'example.com',
  version: 'v1',
  apiVersion: 'example.com/v1',
  namespaced: true,
  shortNames: [],
  categories: [],
  verbs: allVerbs,
  type: '',
};

describe('resourcequota-controller', () => {
  it('counts what is there, and again what is bounded anew', async () => {
    cluster = await testCluster([resourceQuotaController()], {}, async (client) => {
      await run(client, 'a');
      await run(client, 'b', '2');
      await client.create(configMap, place('m'));
    });
    await make({ hard: { pods: '5', 'requests.cpu': '4', 'limits.memory': '1Gi', configmaps: '9' } });
    await shows({ pods: '2', 'requests.cpu': '2100m', 'limits.memory': '0', configmaps: '1' });
    expect((await cluster.get(resourceQuota, 'q')).status?.hard).toEqual({
      pods: '5',
      'requests.cpu': '4',
      'limits.memory': '1Gi',
      configmaps: '9',
    });
    await cluster.change(resourceQuota, 'q', (it) => {
      it.spec.hard = { 'count/pods': '1' };
    });
    await shows({ 'count/pods': '2' });
  });

  it('counts again when something goes, ends or becomes less', async () => {
    cluster = await testCluster([resourceQuotaController()], {}, async (client) => {
      for (const name of ['a', 'b']) await run(client, name);
      await client.create(configMap, place('m'));
      await client.create(service, { ...place('s'), spec: { type: 'NodePort', ports: [{ port: 80 }] } });
    });
    const rest = { 'count/pods': '2' };
    await make({ hard: { pods: '5', 'count/pods': '5', 'count/configmaps': '5', 'services.nodeports': '5' } });
    await shows({ ...rest, pods: '2', 'count/configmaps': '1', 'services.nodeports': '1' });
    await cluster.client.delete(configMap, 'm', 'default');
    await shows({ ...rest, pods: '2', 'count/configmaps': '0', 'services.nodeports': '1' });
    await cluster.change(pod, 'a', (it) => (it.status = { ...it.status, phase: 'Succeeded' }), { status: true });
    await shows({ ...rest, pods: '1', 'count/configmaps': '0', 'services.nodeports': '1' });
    await cluster.change(service, 's', (it) => {
      it.spec = { ...it.spec, type: 'ClusterIP', ports: [{ port: 80 }] };
    });
    await shows({ ...rest, pods: '1', 'count/configmaps': '0', 'services.nodeports': '0' });
    await cluster.client.delete(pod, 'b', 'default', { gracePeriodSeconds: 0 });
    await shows({ pods: '0', 'count/pods': '1', 'count/configmaps': '0', 'services.nodeports': '0' });
  });

  it('frees what goes for what comes: with admission, there is never more than a quota bounds', async () => {
    cluster = await testCluster([resourceQuotaController()], {}, undefined, 'default');
    await make({ hard: { configmaps: '3' } });
    await shows({ configmaps: '0' });
    const name = (i: number) => place(`m${i}`);
    for (let i = 0; i < 3; i++) await cluster.client.create(configMap, name(i));
    let made = 3;
    const refusal = 'exceeded quota: q, requested: configmaps=1, used: configmaps=3, limited: configmaps=3';
    await expect(cluster.client.create(configMap, name(3))).rejects.toThrow(refusal);
    // What goes and comes at once, again and again, is counted while it changes.
    for (let round = 0; round < 5; round++) {
      await cluster.client.delete(configMap, `m${made - 1}`, 'default');
      await cluster.eventually(
        () =>
          cluster.client.create(configMap, name(made)).then(
            () => true,
            () => false,
          ),
        (is) => is,
      );
      made++;
      const all = await cluster.list(configMap);
      expect(all.length).toBeLessThanOrEqual(3);
    }
    await shows({ configmaps: '3' });
  });

  it('minds scopes', async () => {
    cluster = await testCluster([resourceQuotaController()], {}, async (client) => {
      await run(client, 'a');
      await client.create(pod, { ...place('b'), spec: { containers: [{ name: 'c', image: 'x' }] } });
      await client.create(persistentVolumeClaim, {
        ...place('c'),
        spec: {
          accessModes: ['ReadWriteOnce'],
          volumeAttributesClassName: 'fast',
          resources: { requests: { storage: '1Gi' } },
        },
      });
    });
    await make({ hard: { pods: '5' }, scopes: ['BestEffort'] }, 'idle');
    await shows({ pods: '1' }, 'idle');
    const term = { scopeName: 'VolumeAttributesClass' as const, operator: 'In' as const, values: ['fast'] };
    await make({ hard: { 'requests.storage': '5Gi' }, scopeSelector: { matchExpressions: [term] } }, 'fast');
    await shows({ 'requests.storage': '1Gi' }, 'fast');
  });

  it('corrects a wrong count from time to time', async () => {
    cluster = await testCluster([resourceQuotaController()], { resourceQuotaSyncPeriod: 100 });
    await make({ hard: { configmaps: '5' } });
    await shows({ configmaps: '0' });
    await cluster.change(resourceQuota, 'q', (it) => (it.status = { ...it.status, used: { configmaps: '4' } }), {
      status: true,
    });
    await shows({ configmaps: '0' });
  });

  it('counts custom resources, also those defined later', async () => {
    cluster = await testCluster([resourceQuotaController()]);
    await make({ hard: { 'count/gadgets.example.com': '5', pods: '1' } });
    await shows({ pods: '0' });
    await cluster.client.create(customResourceDefinition, {
      metadata: { name: 'gadgets.example.com' },
      spec: {
        group: 'example.com',
        names: { plural: 'gadgets', kind: 'Gadget' },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    await cluster.eventually(
      () => cluster.get(customResourceDefinition, 'gadgets.example.com'),
      (it) => isEstablished(it),
    );
    await cluster.client.create(gadget, place('g'));
    // Any change of a quota has it look for what it does not know; without one it takes upstream's half minute.
    await cluster.change(resourceQuota, 'q', (it) => {
      it.spec.hard = { 'count/gadgets.example.com': '6' };
    });
    await shows({ 'count/gadgets.example.com': '1' });
    await cluster.client.delete(gadget, 'g', 'default');
    await shows({ 'count/gadgets.example.com': '0' });
  });
});
