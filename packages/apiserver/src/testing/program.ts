import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Authority, issueCertificate, makeAuthority } from '@coracle/process/pki';
import { freePort } from './etcd.ts';
import { type Call, type ClientTls, secureCallsTo } from './http.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A kube-apiserver as a process of its own, with an authority, a client certificate and a kubeconfig for it. */
export interface TestProgram {
  url: string;
  /** Of a member of system:masters, by client certificate. */
  kubeconfig: string;
  /** What it logged so far. */
  log(): string;
  /** The administrator's certificate, and what it trusts. */
  admin: ClientTls;
  /** Asks as the administrator. */
  call: Call;
  /** GET of a path as the administrator, or without any credential. */
  get(path: string, anonymous?: boolean): Promise<{ status: number; text: string }>;
  child: ChildProcess;
  /** Signs what the server trusts and serves with. */
  authority: Authority;
  /** Ends it as an operator does; gives the exit code. */
  stop(): Promise<number | null>;
  close(): Promise<void>;
}

/** Starts kube-apiserver on an etcd and waits until /readyz says ok. With `given`, it has the authority of other servers. */
export async function startProgram(
  etcdUrl: string,
  flags: readonly string[] = [],
  given?: Authority,
): Promise<TestProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'coracle-apiserver-'));
  const authority = given ?? (await makeAuthority({ commonName: 'test-ca', days: 1 }));
  const serving = await issueCertificate({
    authority,
    commonName: 'kube-apiserver',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    days: 1,
  });
  const admin = await issueCertificate({
    authority,
    commonName: 'admin',
    organizations: ['system:masters'],
    usages: ['client'],
    days: 1,
  });
  const files: Record<string, string> = {
    'ca.crt': authority.certificate,
    'server.crt': serving.certificate,
    'server.key': serving.key,
    'admin.crt': admin.certificate,
    'admin.key': admin.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': join(folder, 'ca.crt') } }],
      users: [
        {
          name: 'admin',
          user: { 'client-certificate': join(folder, 'admin.crt'), 'client-key': join(folder, 'admin.key') },
        },
      ],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      'current-context': 'test',
    }),
    { mode: 0o600 },
  );
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      main,
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${join(folder, 'server.crt')}`,
      `--tls-private-key-file=${join(folder, 'server.key')}`,
      `--client-ca-file=${join(folder, 'ca.crt')}`,
      '--authorization-mode=Node,RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      ...flags,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const adminTls: ClientTls = { ca: authority.certificate, cert: admin.certificate, key: admin.key };
  const known = secureCallsTo(url, adminTls);
  const unknown = secureCallsTo(url, { ca: authority.certificate });
  const get: TestProgram['get'] = async (path, anonymous = false) => {
    const { status, text } = await (anonymous ? unknown : known).call('GET', path);
    return { status, text };
  };
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    return ended;
  };
  for (let attempt = 0; ; attempt++) {
    const ready = await get('/readyz').catch(() => undefined);
    if (ready?.status === 200) break;
    if (child.exitCode !== null || attempt > 600) {
      child.kill('SIGKILL');
      throw new Error(`kube-apiserver did not become ready:\n${log}`);
    }
    await delay(50);
  }
  return {
    url,
    kubeconfig,
    log: () => log,
    admin: adminTls,
    call: known.call,
    get,
    child,
    authority,
    stop,
    close: async () => {
      known.close();
      unknown.close();
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
