import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { isEstablished } from '@coracle/api/apiextensions/v1/definition-conditions';
import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { allVerbs, type Kind } from '@coracle/api/kind';
import type { Client } from '@coracle/client';
import { afterEach, expect, it } from '@jest/globals';
import { garbageCollectorController } from './controllers/garbage-collector/controller.ts';
import { namespaceController } from './controllers/namespace/controller.ts';
import { type TestCluster, testCluster } from './testing/cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

/** The kind as a client knows it that has only discovery to go by. */
const widget: Kind = {
  kind: 'Widget',
  plural: 'widgets',
  singular: 'widget',
  listKind: 'WidgetList',
  group: 'example.com',
  version: 'v1',
  apiVersion: 'example.com/v1',
  namespaced: true,
  shortNames: [],
  categories: [],
  verbs: allVerbs,
  type: '',
};

async function defineWidgets(client: Client): Promise<void> {
  await client.create(customResourceDefinition, {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'widgets', kind: 'Widget' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  while (!isEstablished(await client.get(customResourceDefinition, 'widgets.example.com'))) {
    // each answer takes its time
  }
}

it('custom resources go with their namespace, those with finalizers when they let go', async () => {
  cluster = await testCluster([namespaceController], { namespaceDeletionGracePeriod: 0 });
  await cluster.client.create(namespace, { metadata: { name: 'shop' }, spec: {} });
  await defineWidgets(cluster.client);
  await cluster.client.create(widget, { metadata: { name: 'a', namespace: 'shop' } });
  await cluster.client.delete(namespace, 'shop');
  await cluster.eventually(
    () => cluster.gone(namespace, 'shop'),
    (gone) => gone,
  );
  expect(await cluster.list(widget, 'shop')).toEqual([]);
});

it('custom resources are owners and dependents', async () => {
  cluster = await testCluster([garbageCollectorController], {}, defineWidgets);
  const owner = await cluster.client.create(widget, { metadata: { name: 'owner', namespace: 'default' } });
  const ref = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'owner', uid: owner.metadata.uid! };
  const metadata = { namespace: 'default', ownerReferences: [ref] };
  await cluster.client.create(configMap, { metadata: { ...metadata, name: 'map' } });
  await cluster.client.create(widget, { metadata: { ...metadata, name: 'dependent' } });
  await cluster.client.delete(widget, 'owner', 'default', { propagationPolicy: 'Background' });
  await cluster.eventually(
    async () => [await cluster.gone(configMap, 'map'), await cluster.gone(widget, 'dependent')],
    (gone) => !gone.includes(false),
  );
});
