import { configMap } from '@coracle/api/core/v1/configmap';
import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { pod } from '@coracle/api/core/v1/pod';
import { resourceQuota } from '@coracle/api/core/v1/resourcequota';
import { service } from '@coracle/api/core/v1/service';
import type { PodSpec, ResourceQuotaSpec, ResourceRequirements, ServiceSpec } from '@coracle/api/types/core/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../storage/store.ts';
import { ownStore } from '../../testing/own-store.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import type { AdmissionPlugin } from '../plugin.ts';
import { isPodWrite, refused } from '../refusal.ts';
import { parseResourceQuotaConfiguration } from './configuration.ts';
import { resourceQuotas } from './plugin.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((each) => each.close()));
});
const serve = async (plugins: AdmissionPlugin[] = [resourceQuotas()], store?: Store) => {
  const server = await startApiServer({ plugins, namespaces: servers.length === 0, ...(store ? { store } : {}) });
  servers.push(server);
  return server;
};

/** Makes a quota as the controller leaves it; `used` is what is left out of nothing. */
async function bound({ client }: TestServer, spec: ResourceQuotaSpec, used: Record<string, string>, name = 'q') {
  const made = await client.create(resourceQuota, { metadata: { name, namespace: 'default' }, spec });
  await client.updateStatus(resourceQuota, { ...made, status: { hard: spec.hard!, used } });
  // Reads that name no version wait for the cache.
  for (const each of servers) await each.client.list(resourceQuota, { namespace: 'default' });
}
const usedOf = async ({ client }: TestServer, name = 'q') =>
  (await client.get(resourceQuota, name, 'default')).status?.used;
const run = ({ client }: TestServer, name: string, resources: ResourceRequirements = {}, spec: Partial<PodSpec> = {}) =>
  client.create(pod, {
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'x', resources }], ...spec },
  });
const claim = ({ client }: TestServer, storage: string, options = {}) =>
  client.create(
    persistentVolumeClaim,
    {
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'gold', resources: { requests: { storage } } },
    },
    options,
  );

describe('ResourceQuota', () => {
  it('charges what is made, and refuses what is beyond', async () => {
    const server = await serve();
    await bound(server, { hard: { pods: '2', 'requests.cpu': '1' } }, { pods: '0', 'requests.cpu': '500m' });
    await run(server, 'a', { requests: { cpu: '500m' } });
    expect(await usedOf(server)).toEqual({ pods: '1', 'requests.cpu': '1' });
    await expect(run(server, 'b', { requests: { cpu: '250m' } })).rejects.toMatchObject({
      code: 403,
      status: {
        reason: 'Forbidden',
        message:
          'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=250m, used: requests.cpu=1, limited: requests.cpu=1',
      },
    });
    await expect(run(server, 'c')).rejects.toThrow(
      'pods "c" is forbidden: failed quota: q: must specify requests.cpu for: c',
    );
    expect(await usedOf(server)).toEqual({ pods: '1', 'requests.cpu': '1' });
  });

  it('refuses while it is not known what is used, and lets all be where nothing is bound yet', async () => {
    const server = await serve();
    await server.client.create(resourceQuota, {
      metadata: { name: 'new', namespace: 'default' },
      spec: { hard: { pods: '0' } },
    });
    await run(server, 'a');
    await bound(server, { hard: { pods: '2', 'count/pods': '2' } }, { pods: '0' });
    await expect(run(server, 'b')).rejects.toThrow(
      'pods "b" is forbidden: status unknown for quota: q, resources: count/pods,pods',
    );
  });

  it('charges nothing for what is only tried, or fails after all', async () => {
    const server = await serve();
    await bound(server, { hard: { 'count/configmaps': '2' } }, { 'count/configmaps': '0' });
    const map = (name: string) => ({ metadata: { name, namespace: 'default' } });
    await server.client.create(configMap, map('a'), { dryRun: true });
    await server.client.create(configMap, map('a'));
    for (let i = 0; i < 3; i++)
      await expect(server.client.create(configMap, map('a'))).rejects.toThrow('already exists');
    expect(await usedOf(server)).toEqual({ 'count/configmaps': '1' });
    await server.client.create(configMap, map('b'));
    await expect(server.client.create(configMap, map('c'), { dryRun: true })).rejects.toThrow(
      'configmaps "c" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2',
    );
  });

  it('takes nothing back that was left out of a count made meanwhile', async () => {
    const late: AdmissionPlugin = {
      name: 'Late',
      async validate(attributes) {
        if (!isPodWrite(attributes, 'CREATE')) return;
        expect(await usedOf(server)).toEqual({ pods: '4' });
        const quota = await server.client.get(resourceQuota, 'q', 'default');
        await server.client.updateStatus(resourceQuota, { ...quota, status: { ...quota.status, used: { pods: '3' } } });
        throw refused(attributes, 'it is late');
      },
    };
    const server = await serve([resourceQuotas(), late]);
    await bound(server, { hard: { pods: '5' } }, { pods: '3' });
    await expect(run(server, 'a')).rejects.toThrow('it is late');
    expect(await usedOf(server)).toEqual({ pods: '3' });
  });

  it('charges an update what it takes more, never less', async () => {
    const server = await serve();
    const hard = { 'services.nodeports': '2', 'services.loadbalancers': '1' };
    await bound(server, { hard }, { 'services.nodeports': '0', 'services.loadbalancers': '0' });
    const spec: ServiceSpec = { type: 'NodePort', ports: [{ port: 80 }] };
    const made = await server.client.create(service, { metadata: { name: 's', namespace: 'default' }, spec });
    const change = async (type: NonNullable<ServiceSpec['type']>, ...ports: number[]) => {
      const now = await server.client.get(service, made.metadata.name!, 'default');
      const named = ports.map((port) => ({ name: `p${port}`, port }));
      return server.client.update(service, { ...now, spec: { ...now.spec, type, ports: named } });
    };
    await change('LoadBalancer', 80, 81);
    expect(await usedOf(server)).toEqual({ 'services.nodeports': '2', 'services.loadbalancers': '1' });
    await expect(change('NodePort', 80, 81, 82)).rejects.toThrow(
      'exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=2, limited: services.nodeports=2',
    );
    await change('ClusterIP', 80);
    expect(await usedOf(server)).toEqual({ 'services.nodeports': '2', 'services.loadbalancers': '1' });
  });

  it('charges claims for their class, and resizes of pods; states are not charged', async () => {
    const server = await serve();
    const storage = 'gold.storageclass.storage.k8s.io/requests.storage';
    await bound(server, { hard: { [storage]: '10Gi', 'requests.cpu': '2' } }, { [storage]: '0', 'requests.cpu': '0' });
    await claim(server, '6Gi');
    await run(server, 'a', { requests: { cpu: '1' } });
    const resize = (cpu: string) => {
      const body = { spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] } };
      return server.client.patch(pod, 'a', 'default', { type: 'strategic', body }, { subresource: 'resize' });
    };
    await resize('1500m');
    expect(await usedOf(server)).toEqual({ [storage]: '6Gi', 'requests.cpu': '1500m' });
    await expect(resize('3')).rejects.toThrow(
      'exceeded quota: q, requested: requests.cpu=1500m, used: requests.cpu=1500m',
    );
    const held = await server.client.get(persistentVolumeClaim, 'data', 'default');
    await server.client.updateStatus(persistentVolumeClaim, {
      ...held,
      status: { phase: 'Pending', allocatedResources: { storage: '20Gi' } },
    });
    expect(await usedOf(server)).toEqual({ [storage]: '6Gi', 'requests.cpu': '1500m' });
  });

  it('minds scopes, and charges every quota or none', async () => {
    const server = await serve();
    await bound(server, { hard: { pods: '9' } }, { pods: '0' }, 'all');
    await bound(server, { hard: { pods: '1' }, scopes: ['Terminating'] }, { pods: '0' }, 'jobs');
    await run(server, 'a', {}, { activeDeadlineSeconds: 60 });
    await run(server, 'b');
    await expect(run(server, 'c', {}, { activeDeadlineSeconds: 60 })).rejects.toThrow('exceeded quota: jobs');
    expect([await usedOf(server, 'all'), await usedOf(server, 'jobs')]).toEqual([{ pods: '2' }, { pods: '1' }]);
  });

  it('has what is limited used only where a quota bounds it', async () => {
    const value = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'ResourceQuotaConfiguration',
      limitedResources: [
        { resource: 'persistentvolumeclaims', matchContains: ['gold.storageclass.storage.k8s.io/requests.storage'] },
        { resource: 'pods', matchScopes: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high', 'higher'] }] },
      ],
    };
    const server = await serve([resourceQuotas(parseResourceQuotaConfiguration({ value }))]);
    await expect(claim(server, '1Gi')).rejects.toThrow(
      'persistentvolumeclaims "data" is forbidden: insufficient quota to consume: gold.storageclass.storage.k8s.io/requests.storage',
    );
    await expect(run(server, 'a', {}, { priorityClassName: 'high' })).rejects.toThrow(
      'pods "a" is forbidden: insufficient quota to match these scopes: [{PriorityClass In [high higher]}]',
    );
    await run(server, 'b');
    const term = { scopeName: 'PriorityClass' as const, operator: 'In' as const, values: ['high'] };
    await bound(server, { hard: { pods: '1' }, scopeSelector: { matchExpressions: [term] } }, { pods: '0' });
    await run(server, 'a', {}, { priorityClassName: 'high' });
    expect(() =>
      parseResourceQuotaConfiguration({ value: { ...value, limitedResources: [{ apiGroup: 'apps' }] } }),
    ).toThrow('resource');
  });

  it('lets in exactly what there is room for, of two servers, in few writes', async () => {
    const store = await ownStore();
    const [first, second] = [await serve([resourceQuotas()], store), await serve([resourceQuotas()], store)];
    await bound(first, { hard: { pods: '10' } }, { pods: '0' });
    const before = await store.revision();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => run(i % 2 === 0 ? first : second, `p${i}`)),
    );
    const refusals = outcomes.filter((each) => each.status === 'rejected').map(({ reason }) => String(reason.message));
    expect(refusals.filter((each) => each.includes('exceeded quota: q'))).toHaveLength(40);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect((await first.client.list(pod, { namespace: 'default' })).items).toHaveLength(10);
    expect(await usedOf(first)).toEqual({ pods: '10' });
    // Ten pods, and at most as many writes of the quota.
    expect((await store.revision()) - before).toBeLessThanOrEqual(20);
    await store.close();
  });
});
