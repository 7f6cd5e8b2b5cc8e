import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { issueCertificate, makeAuthority, makeServiceAccountKeys } from '@coracle/process/pki';
import { root } from './coracle.ts';
import { pause } from './processes.ts';

/** Starts an etcd of its own whose data is in `folder`. */
export async function startEtcd(folder: string): Promise<{ process: ChildProcess; port: number }> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const process = spawn(
    join(root, '.cache/host/bin/etcd'),
    [
      `--data-dir=${folder}/etcd`,
      `--listen-client-urls=http://127.0.0.1:${port}`,
      `--advertise-client-urls=http://127.0.0.1:${port}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--quota-backend-bytes=8589934592',
      '--log-level=error',
    ],
    { stdio: 'ignore' },
  );
  return { process, port };
}

/** What our kube-apiserver is started with on that etcd, port aside; keys are written to `folder`. `token` may do everything. */
export async function ownServerFlags(folder: string, etcdPort: number): Promise<{ flags: string[]; token: string }> {
  const authority = await makeAuthority({ commonName: 'bench', days: 1 });
  const server = await issueCertificate({
    authority,
    commonName: 'kube-apiserver',
    days: 1,
    usages: ['server'],
    ipAddresses: ['127.0.0.1'],
    dnsNames: [],
  });
  const keys = await makeServiceAccountKeys();
  const token = randomUUID();
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const flags = [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    `--client-ca-file=${write('ca.crt', authority.certificate)}`,
    `--tls-cert-file=${write('server.crt', server.certificate)}`,
    `--tls-private-key-file=${write('server.key', server.key)}`,
    `--token-auth-file=${write('tokens.csv', `${token},bench,1,system:masters\n`)}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${write('sa.key', keys.privateKey)}`,
    `--service-account-key-file=${write('sa.pub', keys.publicKey)}`,
    '--service-cluster-ip-range=10.96.0.0/16',
  ];
  return { flags, token };
}

/** What a cluster's API server is given. */
const clusterNursery = '--max-semi-space-size=8';

/** Starts our kube-apiserver and waits until it is ready; resolves to how many milliseconds that took. Throws when it ends instead. */
export async function startOwnServer(
  flags: readonly string[],
  port: number,
): Promise<{ process: ChildProcess; readyMs: number }> {
  const started = performance.now();
  const child = spawn(join(root, 'bin/kube-apiserver'), [...flags, `--secure-port=${port}`], {
    stdio: 'ignore',
    env: { CORACLE_NODE_OPTIONS: clusterNursery, ...process.env },
  });
  while (!(await ready(port))) {
    if (child.exitCode !== null) throw new Error(`kube-apiserver ended with ${child.exitCode}`);
    await pause(3);
  }
  return { process: child, readyMs: Math.round(performance.now() - started) };
}

function ready(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    request({ port, host: '127.0.0.1', path: '/readyz', rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    })
      .on('error', () => resolve(false))
      .end();
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Ends a process, with SIGKILL when it does not go within ten seconds. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}
