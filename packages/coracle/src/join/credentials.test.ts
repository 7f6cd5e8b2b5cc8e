import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSubjectReview } from '@coracle/api/authentication/v1/selfsubjectreview';
import { configMap } from '@coracle/api/core/v1/configmap';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { secret } from '@coracle/api/core/v1/secret';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { applyAddon } from '../addons/addon.ts';
import { overlayAccess } from '../addons/overlay.ts';
import { plainWishes, planCluster } from '../cluster/plan.ts';
import type { NodeFacts } from '../components/component.ts';
import { ensureAccountTokens } from './account-token.ts';
import { askCluster, type Discovered } from './credentials.ts';
import { nodeJoinObjects } from './node-objects.ts';
import { nodeObjects } from './node-settings.ts';
import { programsOf } from './programs.ts';
import { defaultNodeGroup, tokenSecret } from './token.ts';

const token = { id: 'abcdef', secret: '0123456789abcdef' };
const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
const place = { data: folder, runtime: folder };
const wishes = plainWishes(1, 1);
const ofEtcd = { ...planCluster('dev', wishes, [], []), ...place };
const components = { flags: { kubelet: { v: '4' } }, kubelet: { maxPods: 7 } };
const ofApi = { ...ofEtcd, components, overlay: { backend: 'host-gw' as const, subnetSource: 'kubernetes' as const } };
const pki = (file: string) => `<${file}>`;

let server: SecureServer;
beforeAll(async () => {
  server = await startSecureServer('--enable-bootstrap-token-auth');
  const wish = { token, description: '', ttl: 0, groups: [defaultNodeGroup], usages: ['authentication'] };
  await server.admin.create(secret, tokenSecret(wish, 0));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const ask = (name = 'rack1') =>
  askCluster({ server: server.url, authority: server.authority.certificate }, token, name);
const holder = () => server.with(`${token.id}.${token.secret}`);

async function offer(cluster: typeof ofEtcd): Promise<void> {
  await applyAddon(server.admin, [...overlayAccess, ...nodeJoinObjects(cluster, pki)]);
  await ensureAccountTokens(server.admin);
}

describe('what a machine is told that joins', () => {
  it('is nothing where the cluster has nothing for it', async () => {
    await expect(ask()).rejects.toThrow(/the API server refuses: .*system:bootstrap:abcdef/);
  });

  it('is how to reach etcd, where the overlay keeps its leases there', async () => {
    await offer(ofEtcd);
    const found = await ask();
    expect(found.settings).toMatchObject({
      cluster: 'dev',
      podCidr: '10.244.0.0/16',
      dnsAddress: '10.96.0.10',
      etcdEndpoints: ['https://172.30.0.2:2379'],
    });
    expect(found.overlay).toEqual({
      authority: '<etcd-ca.crt>',
      certificate: '<overlay-etcd-client.crt>',
      key: '<overlay-etcd-client.key>',
    });
    const who = await server.with(found.proxyToken).create(selfSubjectReview, { metadata: {} });
    expect(who.status?.userInfo?.username).toBe('system:serviceaccount:kube-system:kube-proxy');
  });

  it('is a token for the overlay, where that works with the API', async () => {
    await offer(ofApi);
    const { overlay } = await ask();
    if (!('token' in overlay)) throw new Error('the overlay has no token');
    await expect(server.with(overlay.token).list(nodeKind)).resolves.toMatchObject({ items: [] });
    await expect(server.with(overlay.token).list(secret)).rejects.toThrow('forbidden');
  });

  it('is no more than that: other secrets of kube-system stay closed to it', async () => {
    await server.admin.create(secret, { metadata: { name: 'other', namespace: 'kube-system' } });
    await expect(holder().get(secret, 'other', 'kube-system')).rejects.toThrow('forbidden');
    await expect(holder().list(secret, { namespace: 'kube-system' })).rejects.toThrow('forbidden');
    await expect(holder().list(nodeKind)).rejects.toThrow('forbidden');
    await expect(holder().get(configMap, nodeObjects.settings, 'kube-system')).resolves.toBeDefined();
  });

  it('stays what it is when it is offered again; a token ends with its Secret', async () => {
    const before = (await ask()).proxyToken;
    await offer(ofApi);
    expect((await ask()).proxyToken).toBe(before);
    await server.admin.delete(secret, nodeObjects.proxy.token, 'kube-system');
    await expect(server.with(before).create(selfSubjectReview, { metadata: {} })).rejects.toThrow('Unauthorized');
    await expect(ask()).rejects.toThrow('has no token');
    await offer(ofApi);
    expect((await ask()).proxyToken).not.toBe(before);
  });

  it('is that the name is taken', async () => {
    await server.admin.create(nodeKind, { metadata: { name: 'taken' }, spec: {} });
    await expect(ask('taken')).rejects.toThrow(
      'a Node with name "taken" and status "NotReady" already exists in the cluster',
    );
  });
});

it('a node deletes its own Node, and no other', async () => {
  for (const name of ['mine', 'yours']) await server.admin.create(nodeKind, { metadata: { name }, spec: {} });
  const node = await server.as('system:node:mine', 'system:nodes');
  await expect(node.delete(nodeKind, 'yours')).rejects.toThrow('node "mine" is not allowed to modify node "yours"');
  await node.delete(nodeKind, 'mine');
});

describe('the programs of a joined machine', () => {
  const facts: NodeFacts = { cgroupV1: true, mayAdjustOomScore: false, snapshotter: 'overlayfs' };
  const node = { name: 'rack1', address: '192.0.2.9', labels: { disk: 'fast' }, facts };
  const textOf = (found: Discovered, path: string) =>
    programsOf(node, found)
      .flatMap((it) => it.files)
      .find((it) => it.path === path)!.text;

  it('have what their flags name, and what the cluster asks of all its nodes', async () => {
    const found = await ask();
    expect(textOf(found, 'kubelet/args').split('\n')).toEqual(
      expect.arrayContaining(['--hostname-override=rack1', '--node-ip=192.0.2.9', '--node-labels=disk=fast', '--v=4']),
    );
    expect(JSON.parse(textOf(found, 'kubelet/config.json'))).toMatchObject({
      rotateCertificates: true,
      serverTLSBootstrap: true,
      failCgroupV1: false,
      clusterDNS: ['10.96.0.10'],
      maxPods: 7,
    });
    expect(JSON.parse(textOf(found, 'overlay/network.json'))).toMatchObject({ Backend: { Type: 'host-gw' } });
    expect(textOf(found, 'kube-proxy/kubeconfig')).toContain(`token: ${found.proxyToken}`);
    const written = programsOf(node, found).flatMap((it) => it.files.map((file) => `/etc/coracle/${file.path}`));
    const later = ['/etc/coracle/kubelet/kubeconfig'];
    for (const { name } of programsOf(node, found)) {
      const named = textOf(found, `${name}/args`).match(/\/etc\/coracle\/\S+/g) ?? [];
      expect(named.filter((it) => ![...written, ...later].includes(it))).toEqual([]);
    }
  });
});
