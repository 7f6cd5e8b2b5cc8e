import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { rootCaPublisher } from '../root-ca/controller.ts';
import { serviceAccountController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

describe('what every namespace has', () => {
  it('is the service account default and the root certificate, also after somebody removed or changed them', async () => {
    cluster = await testCluster([serviceAccountController, rootCaPublisher], { rootCa: 'PEM' });
    await cluster.client.create(namespace, { metadata: { name: 'shop' }, spec: {} });
    const exists = () => cluster.gone(serviceAccount, 'default', 'shop');
    await cluster.eventually(exists, (gone) => !gone);
    const map = async () =>
      (await cluster.list(configMap, 'shop')).find((each) => each.metadata.name === 'kube-root-ca.crt');
    const made = await cluster.eventually(map, (it) => it !== undefined);
    expect(made!.data).toEqual({ 'ca.crt': 'PEM' });
    expect(made!.metadata.annotations).toHaveProperty(['kubernetes.io/description']);

    await cluster.client.delete(serviceAccount, 'default', 'shop');
    await cluster.client.delete(configMap, 'kube-root-ca.crt', 'shop');
    await cluster.eventually(exists, (gone) => !gone);
    await cluster.eventually(map, (it) => it !== undefined);
    await cluster.change(
      configMap,
      'kube-root-ca.crt',
      (it) => {
        it.data = { other: 'x' };
      },
      { namespace: 'shop' },
    );
    await cluster.eventually(map, (it) => it?.data?.['ca.crt'] === 'PEM' && !it.data.other);
  });

  it('is nothing without --root-ca-file', async () => {
    cluster = await testCluster([serviceAccountController, rootCaPublisher]);
    await cluster.client.create(namespace, { metadata: { name: 'shop' }, spec: {} });
    await cluster.eventually(
      () => cluster.gone(serviceAccount, 'default', 'shop'),
      (gone) => !gone,
    );
    expect(await cluster.list(configMap, 'shop')).toEqual([]);
  });
});
