import { configMap } from '@coracle/api/core/v1/configmap';
import { service } from '@coracle/api/core/v1/service';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { logger } from '@coracle/process/log';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startApiServer, type TestServer } from '../testing.ts';
import { bootstrapCluster, firstAddress } from './cluster.ts';

let server: TestServer;
const log = logger('test');
const options = {
  rbac: true,
  port: 6443,
  endpoints: undefined,
  serviceRange: '10.0.0.0/24',
  authentication: { 'client-ca-file': 'PEM' },
  signal: new AbortController().signal,
  log,
};

beforeEach(async () => {
  server = await startApiServer({ namespaces: false });
});
afterEach(() => server.close());

describe('bootstrapCluster', () => {
  it('makes what every cluster has', async () => {
    const { registry } = server;
    await bootstrapCluster(registry, options);
    const kubernetes = await registry.get(service, 'kubernetes', 'default');
    expect(kubernetes?.spec).toMatchObject({ clusterIP: '10.0.0.1', ports: [{ port: 443, targetPort: 6443 }] });
    expect((await registry.get(configMap, 'extension-apiserver-authentication', 'kube-system'))?.data).toEqual(
      options.authentication,
    );
    expect(await registry.get(clusterRole, 'cluster-admin')).toBeDefined();
  });

  it('changes nothing the second time, and follows a new port', async () => {
    const { registry } = server;
    await bootstrapCluster(registry, options);
    const before = await registry.fresh();
    await bootstrapCluster(registry, options);
    expect(await registry.fresh()).toBe(before);
    await bootstrapCluster(registry, { ...options, port: 7443 });
    expect((await registry.get(service, 'kubernetes', 'default'))?.spec.ports).toMatchObject([{ targetPort: 7443 }]);
  });
});

it.each([
  ['10.96.0.0/16', '10.96.0.1'],
  ['10.96.0.0/16,fd00::/108', '10.96.0.1'],
  ['fd00:10:96::/112', 'fd00:10:96::1'],
])('the first address of %s is %s', (range, address) => {
  expect(firstAddress(range)).toBe(address);
});
