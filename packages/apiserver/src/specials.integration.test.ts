import { deployment } from '@coracle/api/apps/v1/deployment';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { pod } from '@coracle/api/core/v1/pod';
import { service } from '@coracle/api/core/v1/service';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Client } from '@coracle/client/client';
import { makeRequest } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { podOn, refusal } from './testing/expectations.ts';
import { type SecureServer, startSecureServer } from './testing/secure-server.ts';

let server: SecureServer;
let admin: Client;

beforeAll(async () => {
  server = await startSecureServer('--service-cluster-ip-range=10.0.0.0/26');
  admin = server.admin;
  for (const name of ['default', 'robot'])
    await admin.create(serviceAccount, { metadata: { name, namespace: 'default' } });
});

afterAll(() => server.close());

describe('services', () => {
  const make = (name: string, spec = {}) =>
    admin.create(service, {
      metadata: { name, namespace: 'default' },
      spec: { type: 'ClusterIP', ports: [{ port: 80 }], ...spec },
    });

  it('created at the same time get different addresses and ports', async () => {
    const made = await Promise.all(Array.from({ length: 30 }, (_, i) => make(`same-${i}`, { type: 'NodePort' })));
    const addresses = made.map((it) => it.spec.clusterIP);
    expect(new Set(addresses).size).toBe(30);
    expect(addresses).not.toContain('10.0.0.1');
    expect(new Set(made.map((it) => it.spec.ports![0]!.nodePort)).size).toBe(30);
    for (const { metadata } of made) await admin.delete(service, metadata.name!, 'default');
  });

  it('give their addresses back, and an invalid one takes none', async () => {
    const clusterIP = '10.0.0.40';
    await make('first', { clusterIP });
    expect(await refusal(make('second', { clusterIP }))).toContain(
      'failed to allocate IP 10.0.0.40: provided IP is already allocated',
    );
    await admin.delete(service, 'first', 'default');
    expect(await refusal(make('bad', { clusterIP, ports: [{ port: 0 }] }))).toContain('422');
    expect((await make('third', { clusterIP })).spec.clusterIP).toBe(clusterIP);
    await admin.create(
      service,
      { metadata: { name: 'dry', namespace: 'default' }, spec: { clusterIP: '10.0.0.41', ports: [{ port: 80 }] } },
      { dryRun: true },
    );
    expect((await make('wet', { clusterIP: '10.0.0.41' })).spec.clusterIP).toBe('10.0.0.41');
  });

  it('kubernetes has the first', async () => {
    expect((await admin.get(service, 'kubernetes', 'default')).spec.clusterIP).toBe('10.0.0.1');
  });
});

describe('a pod', () => {
  it('is bound once', async () => {
    await admin.create(pod, podOn('', 'unbound'));
    const bind = (name: string) =>
      admin.subresource(pod, 'unbound', 'default', 'binding', 'POST', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'unbound' },
        target: { kind: 'Node', name },
      });
    expect(await bind('n1')).toMatchObject({ kind: 'Status', status: 'Success' });
    const bound = await admin.get(pod, 'unbound', 'default');
    expect(bound.spec.nodeName).toBe('n1');
    expect(bound.metadata.managedFields?.filter(({ subresource }) => subresource !== undefined)).toEqual([]);
    expect(bound.status?.conditions).toEqual([expect.objectContaining({ type: 'PodScheduled', status: 'True' })]);
    const unnamed = { apiVersion: 'v1', kind: 'Binding', target: { kind: 'Node', name: 'n1' } };
    expect(await refusal(admin.subresource(pod, 'unbound', 'default', 'binding', 'POST', unnamed))).toBe(
      '400 name in URL does not match name in Binding object',
    );
    expect(await refusal(bind('n2'))).toBe(
      '409 Operation cannot be fulfilled on pods/binding "unbound": pod unbound is already assigned to node "n1"',
    );
  });
});

describe('a pod that must go', () => {
  it('is evicted, and says why it goes', async () => {
    await admin.create(pod, podOn('n1', 'evicted'));
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } };
    const post = (body: object) => admin.subresource(pod, 'evicted', 'default', 'eviction', 'POST', body);
    expect(await refusal(post({ ...eviction, deleteOptions: { preconditions: { uid: 'other' } } }))).toContain('409');
    expect((await admin.get(pod, 'evicted', 'default')).status?.conditions).toBeUndefined();
    expect(await post(eviction)).toMatchObject({ kind: 'Status', status: 'Success' });
    const going = await admin.get(pod, 'evicted', 'default');
    expect(going.metadata.deletionTimestamp).toBeDefined();
    expect(going.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'EvictionByEvictionAPI' }),
    );
    expect(await refusal(admin.subresource(pod, 'none', 'default', 'eviction', 'POST', eviction))).toContain('400');
  });
});

describe('a privileged pod', () => {
  it('is refused, and so are templates of such, without --allow-privileged', async () => {
    const containers = [{ name: 'c', image: 'x', securityContext: { privileged: true } }];
    expect(await refusal(admin.create(pod, podOn('', 'mighty', { containers })))).toBe(
      '422 Pod "mighty" is invalid: spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy',
    );
    const labels = { app: 'mighty' };
    const template = { metadata: { labels }, spec: { containers } };
    const spec = { selector: { matchLabels: labels }, template };
    expect(
      await refusal(admin.create(deployment, { metadata: { name: 'mighty', namespace: 'default' }, spec })),
    ).toContain('spec.template.spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy');
  });
});

describe('a namespace', () => {
  it('that is being deleted takes nothing new, and goes when it is finalized', async () => {
    const made = await admin.create(namespace, { metadata: { name: 'ending' }, spec: {} });
    await admin.delete(namespace, 'ending');
    const map = { metadata: { name: 'm', namespace: 'ending' } };
    expect(await refusal(admin.create(configMap, map))).toBe(
      '403 configmaps "m" is forbidden: unable to create new content in namespace ending because it is being terminated',
    );
    expect((await admin.get(namespace, 'ending')).status?.phase).toBe('Terminating');
    await admin.subresource(namespace, 'ending', undefined, 'finalize', 'PUT', {
      ...made,
      metadata: { name: 'ending' },
      spec: { finalizers: [] },
    });
    expect(await refusal(admin.get(namespace, 'ending'))).toBe('404 namespaces "ending" not found');
    expect(await refusal(admin.delete(namespace, 'kube-system'))).toBe(
      '403 namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
  });
});

describe('a certificate request', () => {
  it('says who asks, and is decided through approval alone', async () => {
    const henry = await server.as('henry', 'devs');
    const { request } = await makeRequest({ commonName: 'henry' });
    const spec = {
      request: Buffer.from(request).toString('base64'),
      signerName: 'example.com/signer',
      usages: ['client auth'],
      username: 'somebody-else',
    };
    const wish: CertificateSigningRequest = { metadata: { name: 'henry' }, spec };
    expect(await refusal(henry.create(certificateSigningRequest, wish))).toContain('403');
    const impersonated = admin.with({ impersonate: { user: 'ivy', groups: ['system:masters'] } });
    const made = await impersonated.create(certificateSigningRequest, wish);
    expect(made.spec).toMatchObject({ username: 'ivy', groups: ['system:masters', 'system:authenticated'] });
    const conditions = [{ type: 'Approved', status: 'True', reason: 'Test', message: 'by a test' }];
    const throughStatus = admin.updateStatus(certificateSigningRequest, { ...made, status: { conditions } });
    expect(await refusal(throughStatus)).toContain('updates may not add a condition of type "Approved"');
    const approved = await admin.subresource<CertificateSigningRequest>(
      certificateSigningRequest,
      'henry',
      undefined,
      'approval',
      'PUT',
      { ...made, status: { conditions } },
    );
    expect(approved.status?.conditions).toEqual([
      expect.objectContaining({
        type: 'Approved',
        lastUpdateTime: expect.any(String),
        lastTransitionTime: expect.any(String),
      }),
    ]);
    // Through the status they stay what they are, whatever is said of them.
    const said = conditions.map((each) => ({ ...each, message: 'by another' }));
    const told = await admin.updateStatus(certificateSigningRequest, { ...approved, status: { conditions: said } });
    expect(told.status?.conditions).toEqual(approved.status?.conditions);
  });

  it('must be whole, and signed with its own key', async () => {
    const { request } = await makeRequest({ commonName: 'henry' });
    const creating = (pem: string) =>
      refusal(
        admin.create(certificateSigningRequest, {
          metadata: { name: 'forged' },
          spec: {
            request: Buffer.from(pem).toString('base64'),
            signerName: 'example.com/signer',
            usages: ['client auth'],
          },
        }),
      );
    const [head, ...body] = request.trim().split('\n');
    const tail = body.pop();
    const bytes = Buffer.from(body.join(''), 'base64');
    bytes[bytes.length - 1]! ^= 1;
    const block = (content: string) => `${head}\n${content}\n${tail}\n`;
    expect(await creating(block(bytes.toString('base64')))).toContain('x509: ECDSA verification failure');
    expect(await creating(block('bm9uc2Vuc2U='))).toMatch(/^422 .* is invalid: spec.request: Invalid value/);
    expect(await creating('nonsense')).toContain('PEM block type must be CERTIFICATE REQUEST');
    const both = admin.create(certificateSigningRequest, {
      metadata: { name: 'forged' },
      spec: {
        request: Buffer.from(block('bm9uc2Vuc2U=')).toString('base64'),
        signerName: 'a',
        usages: ['client auth'],
      },
    });
    expect(await refusal(both)).toMatch(/spec.request: .* spec.signerName: /);
  });
});
