import { deployment } from '@coracle/api/apps/v1/deployment';
import { horizontalPodAutoscaler as v2 } from '@coracle/api/autoscaling/v2/horizontalpodautoscaler';
import { scheme } from '@coracle/api/builtin';
import { configMap } from '@coracle/api/core/v1/configmap';
import { pod } from '@coracle/api/core/v1/pod';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { Registry } from './registry/registry.ts';
import { servedKinds } from './runtime-config.ts';
import { createServer } from './server.ts';
import { callsTo } from './testing/http.ts';
import { ownStore } from './testing/own-store.ts';

const served = (...config: string[]) => servedKinds(config, scheme);

describe('--runtime-config', () => {
  test('serves everything when it says nothing', () => {
    expect([...scheme].every(served())).toBe(true);
  });

  test.each([
    [['apps/v1=false'], { deployment: false, pod: true }],
    [['apps/v1/deployments=false'], { deployment: false, pod: true }],
    [['api/all=false', 'v1'], { deployment: false, pod: true }],
    [['api/all=false', 'api/v1=true'], { deployment: false, pod: true }],
    [['api/ga=false', 'v1=true', 'v1/pods=false', 'apps/v1=true'], { deployment: true, pod: false }],
    [['api/all=false', 'api/ga=true'], { deployment: true, pod: true }],
    [['api/beta=false', 'api/alpha=false'], { deployment: true, pod: true }],
  ])('%j', (config, wanted) => {
    const isServed = served(...config);
    expect({ deployment: isServed(deployment), pod: isServed(pod) }).toEqual(wanted);
  });

  test.each([
    ['api/all=false', 'invalid key with only --runtime-config=api/all=false'],
    ['api/beta=true', '--runtime-config=api/beta=true is not supported: no such version is here'],
    ['shop.example/v1=true', 'unknown api groups shop.example'],
    ['resource.k8s.io/v1beta1=true', 'group version resource.k8s.io/v1beta1 that has not been registered'],
    ['apps/v1/pods=true', '--runtime-config: there is no resource apps/v1/pods'],
    ['apps/v1=maybe', 'invalid value of --runtime-config: apps/v1=maybe: must be true or false'],
  ])('%s is refused', (config, message) => {
    expect(() => served(config)).toThrow(message);
  });
});

describe('a server with parts of the API off', () => {
  let registry: Registry;
  let close: () => Promise<void>;

  afterEach(async () => {
    await registry.stop();
    await close();
  });

  test('has them neither in discovery nor behind their paths, and uses them itself', async () => {
    const store = await ownStore();
    const isServed = served('v1/configmaps=false', 'autoscaling/v2=false');
    registry = new Registry({ store, scheme, isServed, log: { warn: () => undefined } });
    await registry.start();
    const log = { error: () => undefined, warn: () => undefined };
    const server = createServer({
      registry,
      subresources: {},
      links: [],
      plugins: [],
      metrics: new MetricsRegistry(),
      log,
    });
    const listening = await server.listen({ host: '127.0.0.1', port: 0 });
    close = async () => {
      await listening.close();
      await store.close();
    };
    const call = callsTo(`http://127.0.0.1:${listening.port}`);
    const names = (await call('GET', '/api/v1')).body.resources.map(({ name }: { name: string }) => name);
    expect(names).toContain('secrets');
    expect(names).not.toContain('configmaps');
    const missing = await call('GET', '/api/v1/namespaces/default/configmaps');
    expect([missing.status, missing.body.message]).toEqual([404, 'the server could not find the requested resource']);
    await registry.create(configMap, { metadata: { name: 'a', namespace: 'default' } });
    expect(registry.cached(configMap, 'a', 'default') ?? (await registry.get(configMap, 'a', 'default'))).toBeTruthy();

    const groups = (await call('GET', '/apis/autoscaling')).body;
    expect(groups.versions.map(({ version }: { version: string }) => version)).toEqual(['v1']);
    expect(groups.preferredVersion.version).toBe('v1');
    const path = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
    const scaler = {
      metadata: { name: 'a' },
      spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } },
    };
    expect((await call('POST', path, scaler)).status).toBe(201);
    expect((await registry.get(v2, 'a', 'default'))?.spec?.maxReplicas).toBe(3);
  });
});
