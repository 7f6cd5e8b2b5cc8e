import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate, makeAuthority, makeServiceAccountKeys } from '@coracle/process/pki';
import { root } from './coracle.ts';
import { median, pause, residentMb } from './processes.ts';

const runs = 7;

/** kube-apiserver alone against a fresh etcd: exec to /readyz with a warm compile cache, and memory once it is idle. */
export async function measureStart(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  const children: ChildProcess[] = [];
  try {
    const [clientPort, peerPort] = [await freePort(), await freePort()];
    const etcd = spawn(join(root, '.cache/host/bin/etcd'), [
      `--data-dir=${folder}/etcd`,
      `--listen-client-urls=http://127.0.0.1:${clientPort}`,
      `--advertise-client-urls=http://127.0.0.1:${clientPort}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--log-level=error',
    ]);
    children.push(etcd);
    const flags = await apiserverFlags(folder, clientPort);
    const times: number[] = [];
    let idle = 0;
    for (let run = 0; run <= runs; run++) {
      const port = await freePort();
      const started = performance.now();
      const server = spawn(join(root, 'bin/kube-apiserver'), [...flags, `--secure-port=${port}`], { stdio: 'ignore' });
      children.push(server);
      while (!(await ready(port))) {
        if (server.exitCode !== null) throw new Error(`kube-apiserver ended with ${server.exitCode}`);
        await pause(3);
      }
      // The first run fills the compile cache and creates the system objects.
      if (run > 0) times.push(Math.round(performance.now() - started));
      if (run === runs) {
        await pause(10_000);
        idle = residentMb(server.pid!);
      }
      await end(server);
    }
    return {
      'kube-apiserver': {
        readyMs: { median: median(times), all: times },
        idleRssMb: idle,
        targets: { readyMs: 1000, idleRssMb: 180 },
      },
    };
  } finally {
    for (const child of children.reverse()) await end(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function apiserverFlags(folder: string, etcdPort: number): Promise<string[]> {
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
  const write = (name: string, pem: string): string => {
    const path = join(folder, name);
    writeFileSync(path, pem, { mode: 0o600 });
    return path;
  };
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    `--client-ca-file=${write('ca.crt', authority.certificate)}`,
    `--tls-cert-file=${write('server.crt', server.certificate)}`,
    `--tls-private-key-file=${write('server.key', server.key)}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${write('sa.key', keys.privateKey)}`,
    `--service-account-key-file=${write('sa.pub', keys.publicKey)}`,
    '--service-cluster-ip-range=10.96.0.0/16',
  ];
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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}
