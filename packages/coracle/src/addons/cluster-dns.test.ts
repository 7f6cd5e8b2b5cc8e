import { deployment } from '@coracle/api/apps/v1/deployment';
import { pod } from '@coracle/api/core/v1/pod';
import { service } from '@coracle/api/core/v1/service';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applyAddon } from './addon.ts';
import { clusterDns } from './cluster-dns.ts';

const options = { clusterIp: '10.0.0.10', clusterDomain: 'cluster.local', replicas: 2 };

let api: TestServer;
beforeAll(async () => {
  api = await startApiServer({ plugins: 'default' });
  await applyAddon(api.client, clusterDns(options));
});
afterAll(() => api.close());

describe('the add-on cluster-dns', () => {
  it('is taken by the API server, and a second time without a change', async () => {
    const before = await api.client.get(deployment, 'cluster-dns', 'kube-system');
    await applyAddon(api.client, clusterDns(options));
    const after = await api.client.get(deployment, 'cluster-dns', 'kube-system');
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    expect(after.spec).toMatchObject({ replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } });
  });

  it('is behind the Service that every cluster has its DNS server behind', async () => {
    const { spec } = await api.client.get(service, 'kube-dns', 'kube-system');
    expect(spec.clusterIP).toBe('10.0.0.10');
    expect(spec.ports).toMatchObject([
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      { name: 'metrics', port: 9153, protocol: 'TCP' },
    ]);
    const { template } = (await api.client.get(deployment, 'cluster-dns', 'kube-system')).spec;
    expect(template.metadata?.labels).toMatchObject(spec.selector!);
    const offered = template.spec.containers[0]!.ports!.map((each) => `${each.name}/${each.protocol}`);
    for (const each of spec.ports!) expect(offered).toContain(`${each.targetPort}/${each.protocol}`);
  });

  it('makes pods that admission lets in: critical to the cluster, with a token, as an ordinary user', async () => {
    const { template } = (await api.client.get(deployment, 'cluster-dns', 'kube-system')).spec;
    const made = await api.client.create(pod, {
      metadata: { name: 'made', namespace: 'kube-system', labels: template.metadata?.labels },
      spec: template.spec,
    });
    expect(made.spec).toMatchObject({
      priority: 2_000_000_000,
      dnsPolicy: 'Default',
      serviceAccountName: 'cluster-dns',
      securityContext: { runAsNonRoot: true },
      containers: [
        { image: expect.stringMatching(/^coracle\.local\/cluster-dns:v/), args: ['--cluster-domain=cluster.local'] },
      ],
    });
    const mounts = made.spec.containers[0]!.volumeMounts!.map((each) => each.mountPath);
    expect(mounts).toEqual(['/var/run/secrets/kubernetes.io/serviceaccount']);
  });

  it('may only look', async () => {
    const { rules } = await api.client.get(clusterRole, 'system:cluster-dns');
    expect(rules!.flatMap((each) => each.resources!).sort()).toEqual([
      'endpointslices',
      'namespaces',
      'pods',
      'services',
    ]);
    expect(new Set(rules!.flatMap((each) => each.verbs))).toEqual(new Set(['list', 'watch']));
  });

  it('of one server is replaced without a gap', () => {
    const [single] = clusterDns({ ...options, replicas: 1 }).filter((each) => each.object.kind === 'Deployment');
    expect(single!.object).toMatchObject({ spec: { replicas: 1, strategy: { rollingUpdate: { maxUnavailable: 0 } } } });
  });
});
