import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { secret } from '@coracle/api/core/v1/secret';
import { isConflict } from '@coracle/api/meta/status';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { ended } from './containerd.ts';

const manager = fileURLToPath(new URL('../../../controller-manager/src/main.ts', import.meta.url));
const group = 'system:bootstrappers:coracle:default-node-token';

/** An API server that takes bootstrap tokens, and the controllers that approve and sign certificate requests, as a program. */
export interface SigningCluster {
  readonly server: SecureServer;
  /** The folder of the test's files. */
  readonly folder: string;
  /** Makes a token; without groups its holders' requests wait for a person. Returns it. */
  makeToken(id: string, data?: Record<string, string>): Promise<string>;
  /** Writes a kubeconfig with a token; returns its path. */
  tokenKubeconfig(name: string, token: string): string;
  /** Binds a ClusterRole to a group. */
  bind(name: string, clusterRole: string, group: string): Promise<unknown>;
  requests(): Promise<CertificateSigningRequest[]>;
  decide(name: string, type: 'Approved' | 'Denied'): Promise<void>;
  close(): Promise<void>;
}

export async function startSigningCluster(): Promise<SigningCluster> {
  const server = await startSecureServer('--enable-bootstrap-token-auth');
  const { admin } = server;
  const folder = mkdtempSync(join(tmpdir(), 'signing-cluster-'));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const kubeconfig = (user: Record<string, string>): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'c',
          cluster: { server: server.url, 'certificate-authority-data': base64(server.authority.certificate) },
        },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    });
  const bind = (name: string, role: string, to: string) =>
    admin.create(clusterRoleBinding, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: to }],
    });
  await bind('bootstrap', 'system:node-bootstrapper', 'system:bootstrappers');
  await bind('approve', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', group);
  await bind('rotate', 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', 'system:nodes');

  const { certData = '', keyData = '' } = await server.configOf('system:kube-controller-manager');
  const child: ChildProcess = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      manager,
      `--kubeconfig=${write('manager', kubeconfig({ 'client-certificate-data': base64(certData), 'client-key-data': base64(keyData) }))}`,
      '--controllers=csrapproving,csrsigning,csrcleaner',
      '--secure-port=0',
      '--leader-elect=false',
      '--use-service-account-credentials',
      `--cluster-signing-cert-file=${write('ca.crt', server.authority.certificate)}`,
      `--cluster-signing-key-file=${write('ca.key', server.authority.key)}`,
    ],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  );
  return {
    server,
    folder,
    async makeToken(id, data = { 'auth-extra-groups': group }) {
      const half = '0123456789abcdef';
      await admin.create(secret, {
        metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
        type: 'bootstrap.kubernetes.io/token',
        stringData: { 'token-id': id, 'token-secret': half, 'usage-bootstrap-authentication': 'true', ...data },
      });
      return `${id}.${half}`;
    },
    bind,
    tokenKubeconfig: (name, token) => write(name, kubeconfig({ token })),
    requests: async () => (await admin.list(certificateSigningRequest)).items,
    async decide(name, type) {
      for (;;) {
        const found = await admin.get(certificateSigningRequest, name);
        found.status = {
          ...found.status,
          conditions: [{ type, status: 'True', reason: 'Test', message: 'by a test' }],
        };
        try {
          await admin.subresource(certificateSigningRequest, name, undefined, 'approval', 'PUT', found);
          return;
        } catch (error) {
          if (!isConflict(error)) throw error;
        }
      }
    },
    async close() {
      await ended(child, 'SIGTERM');
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
