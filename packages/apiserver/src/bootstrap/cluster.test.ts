import { configMap } from '@coracle/api/core/v1/configmap';
import { service } from '@coracle/api/core/v1/service';
import { serviceCidr } from '@coracle/api/networking/v1/servicecidr';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { logger } from '@coracle/process/log';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startApiServer, type TestServer } from '../testing.ts';
import { type BootstrapOptions, bootstrapCluster, firstAddress } from './cluster.ts';
import { DefaultServiceCidr } from './service-cidr.ts';

let server: TestServer;
let options: BootstrapOptions;
const told: string[] = [];

beforeEach(async () => {
  server = await startApiServer({ namespaces: false });
  told.length = 0;
  options = {
    rbac: true,
    fairness: true,
    port: 6443,
    nodePort: 0,
    endpoints: undefined,
    serviceRange: '10.0.0.0/24',
    serviceCidr: cidrOf('10.0.0.0/24'),
    repair: { once: async () => undefined, keep: () => undefined },
    authentication: { 'client-ca-file': 'PEM' },
    signal: new AbortController().signal,
    log: logger('test'),
  };
});
afterEach(() => server.close());

function cidrOf(...cidrs: string[]): DefaultServiceCidr {
  const event = (_object: unknown, _kind: unknown, _type: string, reason: string, message: string) =>
    void told.push(`${reason}: ${message}`);
  return new DefaultServiceCidr(server.registry, cidrs, { event });
}

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

  it('says since when the use of tokens in Secrets is written down, and again where that is no day', async () => {
    const { registry } = server;
    const tracking = 'kube-apiserver-legacy-service-account-token-tracking';
    const since = async () => (await registry.get(configMap, tracking, 'kube-system'))?.data?.['since'];
    await bootstrapCluster(registry, options);
    expect(await since()).toMatch(/^\d{4}-\d\d-\d\d$/);
    await registry.update(configMap, tracking, 'kube-system', (it) => ({ ...it, data: { since: '2026-01-02' } }));
    await registry.fresh();
    await bootstrapCluster(registry, options);
    expect(await since()).toBe('2026-01-02');
    await registry.update(configMap, tracking, 'kube-system', (it) => ({ ...it, data: { since: 'ever' } }));
    await registry.fresh();
    await bootstrapCluster(registry, options);
    expect(await since()).toMatch(/^\d{4}-\d\d-\d\d$/);
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

describe('--kubernetes-service-node-port', () => {
  it('makes the Service one of type NodePort, and its absence takes it back', async () => {
    const { registry } = server;
    await bootstrapCluster(registry, { ...options, nodePort: 30443 });
    const spec = async () => (await registry.get(service, 'kubernetes', 'default'))?.spec;
    expect(await spec()).toMatchObject({ type: 'NodePort', ports: [{ port: 443, nodePort: 30443 }] });
    await bootstrapCluster(registry, options);
    expect((await spec())?.type).toBe('ClusterIP');
    expect((await spec())?.ports?.[0]).not.toHaveProperty('nodePort');
  });
});

describe('the default ServiceCIDR', () => {
  const current = () => server.registry.get(serviceCidr, 'kubernetes');

  it('says the ranges of the flags, and that it is ready', async () => {
    await cidrOf('10.0.0.0/24').ensure();
    expect(await current()).toMatchObject({
      spec: { cidrs: ['10.0.0.0/24'] },
      status: { conditions: [{ type: 'Ready', status: 'True', message: 'Kubernetes default Service CIDR is ready' }] },
    });
    await server.registry.fresh();
    const version = (await current())?.metadata.resourceVersion;
    await cidrOf('10.0.0.0/24').ensure();
    expect((await current())?.metadata.resourceVersion).toBe(version);
  });

  it('gets a second family, and keeps its condition', async () => {
    await cidrOf('10.0.0.0/24').ensure();
    await server.registry.fresh();
    await cidrOf('10.0.0.0/24', 'fd00::/112').ensure();
    expect((await current())?.spec.cidrs).toEqual(['10.0.0.0/24', 'fd00::/112']);
    expect((await current())?.status?.conditions).toHaveLength(1);
  });

  it('is left alone when it says otherwise, with an event', async () => {
    await cidrOf('10.0.0.0/24').ensure();
    await server.registry.fresh();
    const other = cidrOf('10.1.0.0/24');
    await other.ensure();
    await other.ensure();
    expect((await current())?.spec.cidrs).toEqual(['10.0.0.0/24']);
    expect(told).toEqual([
      'KubernetesDefaultServiceCIDRInconsistent: The default ServiceCIDR [10.0.0.0/24] does not match the controller flag configurations [10.1.0.0/24]',
    ]);
  });

  it('is made again after it was deleted, and left to its finalizers while that goes on', async () => {
    await cidrOf('10.0.0.0/24').ensure();
    await server.registry.update(serviceCidr, 'kubernetes', undefined, (it) => {
      it.metadata.finalizers = ['networking.k8s.io/service-cidr-finalizer'];
      return it;
    });
    await server.registry.delete(serviceCidr, 'kubernetes');
    await server.registry.fresh();
    await cidrOf('10.0.0.0/24').ensure();
    expect((await current())?.metadata.deletionTimestamp).toBeDefined();
    await server.registry.update(serviceCidr, 'kubernetes', undefined, (it) => {
      delete it.metadata.finalizers;
      return it;
    });
    await server.registry.fresh();
    await cidrOf('10.0.0.0/24').ensure();
    expect((await current())?.metadata.deletionTimestamp).toBeUndefined();
  });
});

it.each([
  ['10.96.0.0/16', '10.96.0.1'],
  ['10.96.0.0/16,fd00::/108', '10.96.0.1'],
  ['fd00:10:96::/112', 'fd00:10:96::1'],
])('the first address of %s is %s', (range, address) => {
  expect(firstAddress(range)).toBe(address);
});
