import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually, ping, TestLan, type TestNode } from './testing/nodes.ts';

let server: SecureServer;
let lan: TestLan;
let flags: string[];

beforeEach(async () => {
  server = await startSecureServer();
  lan = await TestLan.make();
  await allowed();
  flags = [
    '--subnet-source=kubernetes',
    `--kubeconfig=${await kubeconfig()}`,
    `--net-config-path=${file('net-conf.json', { Network: '10.244.0.0/16', Backend: { Type: 'vxlan' } })}`,
  ];
});
afterEach(async () => {
  await lan?.close();
  await server?.close();
});

function file(name: string, content: object): string {
  const path = join(lan.folder, name);
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  return path;
}

/** What docs/network.md says that the overlay needs, and nothing more. */
async function allowed(): Promise<void> {
  await server.admin.create(clusterRole, {
    metadata: { name: 'overlay' },
    rules: [
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
    ],
  });
  await server.admin.create(clusterRoleBinding, {
    metadata: { name: 'overlay' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'overlay' },
    subjects: [{ kind: 'User', name: 'overlay', apiGroup: 'rbac.authorization.k8s.io' }],
  });
}

/** The nodes see the server at an address that its certificate is not for. */
async function kubeconfig(): Promise<string> {
  const { certData = '', keyData = '' } = await server.configOf('overlay');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return file('kubeconfig', {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'overlay' } }],
    clusters: [
      {
        name: 'test',
        cluster: {
          server: `https://${await lan.relay(Number(new URL(server.url).port))}`,
          'insecure-skip-tls-verify': true,
        },
      },
    ],
    users: [
      {
        name: 'overlay',
        user: { 'client-certificate-data': base64(certData), 'client-key-data': base64(keyData) },
      },
    ],
  });
}

const register = (name: string, podCIDR?: string) =>
  server.admin.create(nodeKind, { metadata: { name }, spec: podCIDR ? { podCIDR, podCIDRs: [podCIDR] } : {} });

async function start(number: number): Promise<TestNode> {
  const node = await lan.node(number, [...flags, `--node-name=node-${number}`]);
  node.start();
  return node;
}

it("nodes take their podCIDR, tell of themselves by flannel's annotations, and follow each other", async () => {
  await register('node-1', '10.244.0.0/24');
  await register('node-2', '10.244.1.0/24');
  const [a, b] = await Promise.all([start(1), start(2)]);
  expect(await Promise.all([a.standing(), b.standing()])).toEqual(['10.244.0.0/24', '10.244.1.0/24']);
  const [from, to] = [await a.pod(), await b.pod()];
  expect(await ping(from.inside, to.ip)).toBe(1);
  expect((await server.admin.get(nodeKind, 'node-1')).metadata.annotations).toMatchObject({
    'flannel.alpha.coreos.com/backend-type': 'vxlan',
    'flannel.alpha.coreos.com/backend-data': expect.stringMatching(/^\{"VNI":1,"VtepMAC":"[0-9a-f:]{17}"\}$/),
    'flannel.alpha.coreos.com/public-ip': '10.99.0.1',
    'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
  });

  await register('node-3', '10.244.2.0/24');
  const c = await start(3);
  await c.standing();
  expect(await ping((await c.pod()).inside, to.ip)).toBe(1);
  await server.admin.delete(nodeKind, 'node-3');
  await eventually('the others forget the node', async () => {
    const seen = await a.inside.run('ip', 'route', 'show');
    return !seen.includes('10.244.2.0/24') && seen.includes('10.244.1.0/24');
  });
});

it('waits for the Node and its podCIDR, and tells of itself again when the Node was made anew', async () => {
  const node = await start(1);
  await node.logs("Waiting for the Node's podCIDR");
  await register('node-1');
  await server.admin.patch(nodeKind, 'node-1', undefined, {
    type: 'merge',
    body: { spec: { podCIDR: '10.244.5.0/24', podCIDRs: ['10.244.5.0/24'] } },
  });
  expect(await node.standing()).toBe('10.244.5.0/24');
  await server.admin.delete(nodeKind, 'node-1');
  await register('node-1', '10.244.5.0/24');
  await eventually('the new Node is annotated', async () => {
    const { metadata } = await server.admin.get(nodeKind, 'node-1');
    return metadata.annotations?.['flannel.alpha.coreos.com/public-ip'] === '10.99.0.1';
  });
});

it('moves to another podCIDR', async () => {
  await register('node-1', '10.244.5.0/24');
  const node = await start(1);
  await node.standing();
  await server.admin.delete(nodeKind, 'node-1');
  await register('node-1', '10.244.6.0/24');
  await eventually('the CNI configuration names the new one', async () => node.subnet() === '10.244.6.0/24');
  expect(await node.inside.run('ip', '-4', 'addr', 'show', 'coracle.1')).toContain('10.244.6.0/32');
});

it('refuses a podCIDR outside the network', async () => {
  await register('node-1', '10.200.0.0/24');
  const node = await start(1);
  expect(await node.ended()).toBe(1);
  expect(node.log).toContain(
    'Error: network configuration: Network: 10.244.0.0/16 does not hold 10.200.0.0/24, podCIDR of node node-1',
  );
});
