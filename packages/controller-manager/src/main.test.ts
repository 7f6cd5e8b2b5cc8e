import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployment } from '@coracle/api/apps/v1/deployment';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { lease } from '@coracle/api/coordination/v1/lease';
import { configMap } from '@coracle/api/core/v1/configmap';
import { event } from '@coracle/api/core/v1/event';
import { namespace } from '@coracle/api/core/v1/namespace';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { service } from '@coracle/api/core/v1/service';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { isNotFound } from '@coracle/api/meta/status';
import { now, parseTime } from '@coracle/api/meta/time';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { makeRequest } from '@coracle/process/pki';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deploymentOf } from './testing/cluster.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

let server: SecureServer;
let folder: string;
let child: ChildProcess;
let log: string;
let exited: Promise<number | null>;

beforeEach(async () => {
  server = await startSecureServer();
  folder = mkdtempSync(join(tmpdir(), 'controller-manager-'));
  const { certData, keyData, caData } = await server.configOf('system:kube-controller-manager');
  const base64 = (text: string | undefined) => Buffer.from(text!).toString('base64');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': base64(caData) } }],
    users: [{ name: 'u', user: { 'client-certificate-data': base64(certData), 'client-key-data': base64(keyData) } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const files = {
    kubeconfig: JSON.stringify(kubeconfig),
    'ca.crt': server.authority.certificate,
    'ca.key': server.authority.key,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
});

afterEach(async () => {
  if (child.exitCode === null) child.kill('SIGKILL');
  await exited;
  await server.close();
  rmSync(folder, { recursive: true });
});

function start(...flags: string[]): void {
  const file = (name: string) => join(folder, name);
  log = '';
  child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      main,
      `--kubeconfig=${file('kubeconfig')}`,
      '--secure-port=0',
      '--use-service-account-credentials',
      `--root-ca-file=${file('ca.crt')}`,
      `--cluster-signing-cert-file=${file('ca.crt')}`,
      `--cluster-signing-key-file=${file('ca.key')}`,
      '--allocate-node-cidrs',
      '--cluster-cidr=10.244.0.0/16',
      ...flags,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  exited = new Promise((resolve) => child.once('exit', resolve));
}

async function eventually<T>(probe: () => Promise<T>, accept: (value: T) => boolean): Promise<T> {
  const end = performance.now() + 45_000;
  for (;;) {
    const value = await probe();
    if (accept(value)) return value;
    if (performance.now() > end) throw new Error(`not in time; last seen ${JSON.stringify(value)}\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const list = async <T extends KubeObject>(kind: Kind<T>, where = 'default'): Promise<T[]> =>
  (await server.admin.list(kind, { namespace: kind.namespaced ? where : undefined })).items;

/** Plays the kubelet's last part: what is being deleted is gone. */
async function endPods(): Promise<void> {
  for (const { metadata } of await list(pod, 'shop')) {
    if (!metadata.deletionTimestamp) continue;
    await server.admin.delete(pod, metadata.name!, 'shop', { gracePeriodSeconds: 0 }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** Plays a kubelet that is well. */
const report = (name: string): Promise<unknown> => {
  const body = { status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: now() }] } };
  return server.admin.patch(node, name, undefined, { type: 'strategic', body }, { subresource: 'status' });
};

describe('kube-controller-manager', () => {
  it('does its work with the rights that upstream gives each controller, and none is refused', async () => {
    start('--node-monitor-grace-period=2s', '--node-monitor-period=500ms');
    const { admin } = server;
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now(), lastTransitionTime: now() };
    for (const name of ['one', 'alive'])
      await admin.create(node, { metadata: { name }, spec: {}, status: { conditions: [ready] } });
    // Until the server ends.
    const alive = setInterval(() => void report('alive').catch(() => clearInterval(alive)), 500);
    void exited.then(() => clearInterval(alive));
    await admin.create(namespace, { metadata: { name: 'shop' }, spec: {} });
    await eventually(
      () => list(serviceAccount, 'shop'),
      (each) => each.length === 1,
    );
    await eventually(
      () => list(configMap, 'shop'),
      (each) => each.some((it) => it.metadata.name === 'kube-root-ca.crt'),
    );
    await eventually(
      () => admin.get(node, 'one'),
      (it) => it.spec.podCIDR?.startsWith('10.244.') ?? false,
    );

    const web = deploymentOf('web', 2);
    web.metadata.namespace = 'shop';
    web.spec.template.spec!.nodeName = 'one';
    web.spec.template.spec!.tolerations = [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 },
    ];
    await admin.create(service, {
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await admin.create(podDisruptionBudget, {
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { matchLabels: { app: 'web' } }, maxUnavailable: 1 },
    });
    await admin.create(deployment, web);
    const made = await eventually(
      () => list(pod, 'shop'),
      (each) => each.length === 2,
    );
    await eventually(
      () => list(endpointSlice, 'shop'),
      (each) => each.length === 1,
    );
    await eventually(
      () => list(event, 'shop'),
      (each) => each.some((it) => it.source?.component === 'deployment-controller'),
    );

    await eventually(
      () => admin.get(podDisruptionBudget, 'web', 'shop'),
      (it) => it.status?.expectedPods === 2,
    );

    // The node never speaks again: its pods are evicted, and those in their place too.
    await eventually(
      () => admin.get(node, 'one'),
      (it) =>
        (it.spec.taints ?? []).some(
          (each) => each.key === 'node.kubernetes.io/unreachable' && each.effect === 'NoExecute',
        ),
    );
    await eventually(
      () => list(pod, 'shop'),
      (each) =>
        made.every(
          ({ metadata }) =>
            each.find((it) => it.metadata.uid === metadata.uid)?.metadata.deletionTimestamp !== undefined ||
            !each.some((it) => it.metadata.uid === metadata.uid),
        ),
    );

    await admin.delete(deployment, 'web', 'shop', { propagationPolicy: 'Foreground' });
    await eventually(
      () => endPods().then(() => list(deployment, 'shop')),
      (each) => each.length === 0,
    );

    // As cluster set-ups do: nodes may renew their own certificates.
    await admin.create(clusterRoleBinding, {
      metadata: { name: 'renewal' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
    });
    const { request } = await makeRequest({ commonName: 'system:node:two', organizations: ['system:nodes'] });
    const kubelet = await server.as('system:node:two', 'system:nodes');
    await kubelet.create(certificateSigningRequest, {
      metadata: { name: 'two' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'client auth'],
      },
    });
    const signed = await eventually(
      () => admin.get(certificateSigningRequest, 'two'),
      (it) => it.status?.certificate !== undefined,
    );
    expect(Buffer.from(signed.status!.certificate!, 'base64').toString()).toContain('BEGIN CERTIFICATE');

    await admin.delete(namespace, 'shop');
    await eventually(
      () =>
        admin.get(namespace, 'shop').catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        }),
      (it) => it === undefined,
    );
    expect(log).not.toMatch(/cannot \w+ resource/);

    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    const { spec } = await admin.get(lease, 'kube-controller-manager', 'kube-system');
    expect(spec?.holderIdentity ?? '').toBe('');
  }, 120_000);

  it('ends when another has taken its lease', async () => {
    start('--leader-elect-lease-duration=3s', '--leader-elect-renew-deadline=2s', '--leader-elect-retry-period=500ms');
    const held = await eventually(
      () => list(lease, 'kube-system'),
      (each) => each.some((it) => it.spec?.holderIdentity),
    );
    const [mine] = held;
    await server.admin.patch(lease, mine!.metadata.name!, 'kube-system', {
      type: 'merge',
      body: { spec: { holderIdentity: 'thief', leaseDurationSeconds: 600, renewTime: mine!.spec!.renewTime } },
    });
    expect(await exited).toBe(1);
    expect(log).toContain('leaderelection lost');
  }, 60_000);

  it('writes nothing with a leadership that ended while the process was stopped, and ends', async () => {
    start('--leader-elect-lease-duration=3s', '--leader-elect-renew-deadline=2s', '--leader-elect-retry-period=500ms');
    const { admin } = server;
    await eventually(
      () => list(serviceAccount, 'default'),
      (each) => each.length === 1,
    );
    child.kill('SIGSTOP');
    await eventually(
      () => admin.get(lease, 'kube-controller-manager', 'kube-system'),
      (it) => Date.now() - parseTime(it.spec!.renewTime!) > 2_000,
    );
    await admin.create(namespace, { metadata: { name: 'shop' }, spec: {} });
    child.kill('SIGCONT');
    expect(await exited).toBe(1);
    expect(log).toContain('leaderelection lost');
    expect(await list(serviceAccount, 'shop')).toEqual([]);
  }, 60_000);
});
