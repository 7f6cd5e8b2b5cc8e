import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { deployment } from '@coracle/api/apps/v1/deployment';
import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { pod } from '@coracle/api/core/v1/pod';
import { secret } from '@coracle/api/core/v1/secret';
import type { AnyKind } from '@coracle/api/kind';
import { findCondition } from '@coracle/api/meta/conditions';
import { role } from '@coracle/api/rbac/v1/role';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deploymentOf, type TestCluster, templateOf, testCluster } from '../../testing/cluster.ts';
import { namespaceController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const start = async () => {
  cluster = await testCluster([namespaceController], { namespaceDeletionGracePeriod: 0 });
  await cluster.client.create(namespace, { metadata: { name: 'shop' }, spec: {} });
};
const at = (name: string) => ({ name, namespace: 'shop' });

describe('namespace-controller', () => {
  it('empties a deleted namespace of every kind and lets it go', async () => {
    await start();
    const { spec } = templateOf('web');
    await cluster.client.create(pod, { metadata: at('web'), spec: spec! });
    await cluster.client.create(configMap, { metadata: at('settings') });
    await cluster.client.create(secret, { metadata: at('password') });
    await cluster.client.create(role, { metadata: at('reader'), rules: [] });
    await cluster.client.create(deployment, { ...deploymentOf('web', 1), metadata: at('web') });
    await cluster.client.delete(namespace, 'shop');
    await cluster.eventually(
      () => cluster.gone(namespace, 'shop'),
      (gone) => gone,
    );
    for (const kind of [pod, configMap, secret, role, deployment] as AnyKind[])
      expect(await cluster.list(kind, 'shop')).toEqual([]);
  });

  it('says what it waits for, deleting pods before anything else', async () => {
    await start();
    const { spec } = templateOf('web');
    await cluster.client.create(pod, { metadata: { ...at('web'), finalizers: ['example.com/held'] }, spec: spec! });
    await cluster.client.create(configMap, { metadata: at('settings') });
    await cluster.client.delete(namespace, 'shop');
    const it = await cluster.eventually(
      () => cluster.get(namespace, 'shop'),
      (each) => findCondition(each.status?.conditions, 'NamespaceContentRemaining')?.status === 'True',
    );
    expect(it.status?.phase).toBe('Terminating');
    const messages = Object.fromEntries(
      (it.status?.conditions ?? []).map((each) => [each.type, [each.status, each.reason, each.message]]),
    );
    expect(messages).toEqual({
      NamespaceDeletionDiscoveryFailure: ['False', 'ResourcesDiscovered', 'All resources successfully discovered'],
      NamespaceDeletionGroupVersionParsingFailure: [
        'False',
        'ParsedGroupVersions',
        'All legacy kube types successfully parsed',
      ],
      NamespaceDeletionContentFailure: [
        'False',
        'ContentDeleted',
        'All content successfully deleted, may be waiting on finalization',
      ],
      NamespaceContentRemaining: [
        'True',
        'SomeResourcesRemain',
        'Some resources are remaining: pods. has 1 resource instances',
      ],
      NamespaceFinalizersRemaining: [
        'True',
        'SomeFinalizersRemain',
        'Some content in the namespace has finalizers remaining: example.com/held in 1 resource instances',
      ],
    });
    expect(await cluster.list(configMap, 'shop')).toHaveLength(1);
    await cluster.change(
      pod,
      'web',
      (each) => {
        each.metadata.finalizers = [];
      },
      { namespace: 'shop' },
    );
    await cluster.eventually(
      () => cluster.gone(namespace, 'shop'),
      (gone) => gone,
    );
  });

  it('waits for a group whose server cannot be asked, and says so', async () => {
    await start();
    const spec = { group: 'example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 15 };
    const service = { name: 'none', namespace: 'default' };
    await cluster.client.create(apiService, { metadata: { name: 'v1.example.com' }, spec: { ...spec, service } });
    await cluster.client.create(configMap, { metadata: at('settings') });
    await cluster.client.delete(namespace, 'shop');
    const it = await cluster.eventually(
      () => cluster.get(namespace, 'shop'),
      (each) => findCondition(each.status?.conditions, 'NamespaceDeletionDiscoveryFailure')?.status === 'True',
    );
    expect(findCondition(it.status?.conditions, 'NamespaceDeletionDiscoveryFailure')).toMatchObject({
      reason: 'DiscoveryFailed',
      message: expect.stringContaining(
        'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: example.com/v1: ',
      ),
    });
    expect(await cluster.list(configMap, 'shop')).toEqual([]);
    await cluster.client.delete(apiService, 'v1.example.com');
    await cluster.eventually(
      () => cluster.gone(namespace, 'shop'),
      (gone) => gone,
    );
  });

  it('leaves other namespaces alone', async () => {
    await start();
    await cluster.client.create(configMap, { metadata: { name: 'mine', namespace: 'default' } });
    await cluster.client.delete(namespace, 'shop');
    await cluster.eventually(
      () => cluster.gone(namespace, 'shop'),
      (gone) => gone,
    );
    expect(await cluster.list(configMap)).toHaveLength(1);
  });
});
