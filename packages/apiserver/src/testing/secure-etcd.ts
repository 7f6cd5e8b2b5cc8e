import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { EtcdMembersOptions } from '@coracle/etcd';
import { issueCertificate, makeAuthority, writePem } from '@coracle/process/pki';
import { etcdBinary, freePort } from './etcd.ts';

/** An etcd that knows users by the common names of their certificates. */
export interface SecureEtcd {
  /** How a user of that name connects. */
  as(commonName: string): Promise<EtcdMembersOptions>;
  /** Runs etcdctl as root. */
  ctl(...args: string[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts it, with the users `root` and `admins`, all of the role root, and authentication switched on. */
export async function startSecureEtcd(...admins: string[]): Promise<SecureEtcd> {
  const folder = await mkdtemp(join(tmpdir(), 'coracle-etcd-'));
  const at = (name: string) => join(folder, name);
  const authority = await makeAuthority({ commonName: 'etcd-ca', days: 1 });
  const issue = (commonName: string) =>
    issueCertificate({
      authority,
      commonName,
      ipAddresses: ['127.0.0.1'],
      usages: ['server', 'client'],
      days: 1,
    });
  const [serving, root] = [await issue('etcd'), await issue('root')];
  await writePem(at('ca.crt'), authority.certificate);
  for (const [name, issued] of Object.entries({ serving, root })) {
    await writePem(at(`${name}.crt`), issued.certificate);
    await writePem(at(`${name}.key`), issued.key);
  }
  const [url, peerUrl] = [`https://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const child = spawn(
    etcdBinary(),
    [
      `--data-dir=${at('data')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--client-cert-auth=true',
      `--trusted-ca-file=${at('ca.crt')}`,
      `--cert-file=${at('serving.crt')}`,
      `--key-file=${at('serving.key')}`,
      '--unsafe-no-fsync',
      '--log-level=error',
    ],
    { stdio: 'ignore' },
  );
  const ctl = (...args: string[]) =>
    promisify(execFile)(join(dirname(etcdBinary()), 'etcdctl'), [
      `--endpoints=${url}`,
      `--cacert=${at('ca.crt')}`,
      `--cert=${at('root.crt')}`,
      `--key=${at('root.key')}`,
      ...args,
    ]);
  for (let attempt = 0; ; attempt++) {
    const healthy = await ctl('endpoint', 'health').then(
      () => true,
      () => false,
    );
    if (healthy) break;
    if (child.exitCode !== null || attempt > 100) throw new Error('etcd did not become healthy');
    await delay(100);
  }
  for (const user of ['root', ...admins]) {
    await ctl('user', 'add', user, '--no-password');
    await ctl('user', 'grant-role', user, 'root');
  }
  await ctl('auth', 'enable');
  return {
    ctl,
    as: async (commonName) => {
      const { certificate, key } = await issue(commonName);
      return {
        servers: [url],
        ca: Buffer.from(authority.certificate),
        cert: Buffer.from(certificate),
        key: Buffer.from(key),
      };
    },
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
