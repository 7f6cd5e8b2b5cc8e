import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ApiextensionsV1Api,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from '@kubernetes/client-node';
import { eventually } from './testing/expectations.ts';
import { startApiServer, type TestServer } from './testing.ts';

/** @kubernetes/client-node knows the API from its own sources: what it reads and writes here, others will. */
describe('the JavaScript client of the Kubernetes project', () => {
  let server: TestServer;
  const config = new KubeConfig();
  const namespace = 'default';

  beforeAll(async () => {
    server = await startApiServer();
    config.loadFromOptions({
      clusters: [{ name: 'test', server: server.url, skipTLSVerify: true }],
      users: [{ name: 'test' }],
      contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
      currentContext: 'test',
    });
  });
  afterAll(() => server.close());

  it('creates, reads, patches, lists and deletes by its typed API', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const made = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'typed' }, data: { a: '1' } },
    });
    expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date);
    const patched = await core.patchNamespacedConfigMap(
      { name: 'typed', namespace, body: { data: { b: '2' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    expect(patched.data).toEqual({ a: '1', b: '2' });
    const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=typed' });
    expect(list.items.map((each) => each.data)).toEqual([{ a: '1', b: '2' }]);
    await core.deleteNamespacedConfigMap({ name: 'typed', namespace });
    await expect(core.readNamespacedConfigMap({ name: 'typed', namespace })).rejects.toMatchObject({ code: 404 });
  });

  it('works with custom resources as objects of any kind', async () => {
    const custom = config.makeApiClient(CustomObjectsApi);
    const kinds = config.makeApiClient(ApiextensionsV1Api);
    const where = { group: 'example.com', version: 'v1', namespace, plural: 'widgets' };
    await kinds.createCustomResourceDefinition({
      body: {
        metadata: { name: 'widgets.example.com' },
        spec: {
          group: 'example.com',
          names: { plural: 'widgets', kind: 'Widget' },
          scope: 'Namespaced',
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: { spec: { type: 'object', properties: { n: { type: 'integer', _default: 1 } } } },
                },
              },
            },
          ],
        },
      },
    });
    await eventually(async () => {
      const { status } = await kinds.readCustomResourceDefinition({ name: 'widgets.example.com' });
      return status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True') ?? false;
    });
    const body = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: {} };
    expect(await custom.createNamespacedCustomObject({ ...where, body })).toMatchObject({ spec: { n: 1 } });
    const patched = await custom.patchNamespacedCustomObject(
      { ...where, name: 'w', body: { spec: { n: 2 } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    expect(patched).toMatchObject({ spec: { n: 2 } });
    expect(await custom.listNamespacedCustomObject(where)).toMatchObject({
      kind: 'WidgetList',
      items: [{ spec: { n: 2 } }],
    });
  });

  it('applies on the server side, and is told of conflicts', async () => {
    const apps = config.makeApiClient(AppsV1Api);
    const body = (replicas: number) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'applied', namespace },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'a' } },
        template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    });
    const apply = (fieldManager: string, replicas: number) =>
      apps.patchNamespacedDeployment(
        { name: 'applied', namespace, fieldManager, body: body(replicas) },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
      );
    expect((await apply('one', 1)).metadata?.managedFields?.[0]).toMatchObject({ manager: 'one', operation: 'Apply' });
    await expect(apply('two', 2)).rejects.toMatchObject({ code: 409 });
  });

  it('watches, and keeps an informer', async () => {
    const core = config.makeApiClient(CoreV1Api);
    const seen: string[] = [];
    const watch = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion: (await core.listNamespacedConfigMap({ namespace })).metadata?.resourceVersion },
      (type: string, object: V1ConfigMap) => seen.push(`${type} ${object.metadata?.name}`),
      () => undefined,
    );
    const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
      core.listNamespacedConfigMap({ namespace }),
    );
    const added = new Promise<string | undefined>((resolve) => {
      informer.on('add', (object: V1ConfigMap) => {
        if (object.metadata?.name === 'watched') resolve(object.metadata.name);
      });
    });
    await informer.start();
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'watched' } } });
    expect(await added).toBe('watched');
    await core.deleteNamespacedConfigMap({ name: 'watched', namespace });
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(seen.slice(0, 2)).toEqual(['ADDED watched', 'DELETED watched']);
    await informer.stop();
    watch.abort();
  });
});
