import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdBinary, freePort } from '@coracle/apiserver/testing/etcd';
import { type Authority, issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Etcd3 } from 'etcd3';
import { parseNetworkConfig } from '../../config/network-config.ts';
import { formatRange } from '../../range.ts';
import { connectEtcd } from './connection.ts';
import { EtcdSubnets } from './subnets.ts';

const prefix = '/atomic.io/network';

let folder: string;
let etcd: ChildProcess;
let endpoint: string;
let authority: Authority;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'overlay-auth-'));
  authority = await makeAuthority({ commonName: 'etcd-ca', days: 1 });
  writeFileSync(join(folder, 'ca.crt'), authority.certificate);
  await certificate('server', 'server');
  endpoint = `https://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  etcd = spawn(
    etcdBinary(),
    [
      `--data-dir=${join(folder, 'data')}`,
      `--listen-client-urls=${endpoint}`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      `--cert-file=${join(folder, 'server.crt')}`,
      `--key-file=${join(folder, 'server.key')}`,
      `--trusted-ca-file=${join(folder, 'ca.crt')}`,
      '--client-cert-auth',
      '--unsafe-no-fsync',
      '--log-level=error',
    ],
    { stdio: 'ignore' },
  );
  await setUpUsers();
});
afterAll(async () => {
  const ended = once(etcd, 'exit');
  etcd.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true });
});

/** Writes a certificate for a user of etcd, or for etcd itself. */
async function certificate(commonName: string, usage: 'client' | 'server'): Promise<void> {
  const issued = await issueCertificate({
    authority,
    commonName,
    ipAddresses: ['127.0.0.1'],
    usages: [usage],
    days: 1,
  });
  writeFileSync(join(folder, `${commonName}.crt`), issued.certificate);
  writeFileSync(join(folder, `${commonName}.key`), issued.key, { mode: 0o600 });
}

async function connectAs(user: string): Promise<Etcd3> {
  await certificate(user, 'client');
  const at = (name: string) => join(folder, name);
  return connectEtcd({
    endpoints: [endpoint],
    caFile: at('ca.crt'),
    certFile: at(`${user}.crt`),
    keyFile: at(`${user}.key`),
  });
}

/** From here on `overlay`, known by its certificate, may read and write below the prefix, and nothing else. */
async function setUpUsers(): Promise<void> {
  const root = await connectAs('root');
  const end = Date.now() + 30_000;
  for (;;) {
    const up = await root
      .put('/registry/secret')
      .value('x')
      .then(
        () => true,
        (error: Error) => {
          if (Date.now() > end) throw error;
          return false;
        },
      );
    if (up) break;
  }
  await root.put(`${prefix}/config`).value('{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}');
  await root.role('root').create();
  await root.user('root').create('unused');
  await root.user('root').addRole('root');
  await root.role('overlay').create();
  await root.auth.roleGrantPermission({
    name: 'overlay',
    perm: { permType: 'Readwrite', key: Buffer.from(`${prefix}/`), range_end: Buffer.from(`${prefix}0`) },
  });
  await root.user('overlay').create('unused');
  await root.user('overlay').addRole('overlay');
  await root.auth.authEnable();
  root.close();
}

describe('with a certificate that etcd knows, and rights below the prefix alone', () => {
  it('a subnet is leased, kept and seen by others, over TLS', async () => {
    const messages: string[] = [];
    const log = (_: object, message: string) => messages.push(message);
    const stop = new AbortController();
    let renewals = 0;
    const subnetsOf = async (ttl: number) => {
      const etcd = await connectAs('overlay');
      const { leaseClient } = etcd;
      const renew = leaseClient.leaseKeepAlive.bind(leaseClient);
      leaseClient.leaseKeepAlive = (options) => {
        renewals++;
        return renew(options);
      };
      return new EtcdSubnets({
        etcd,
        prefix,
        ttl,
        renewMargin: 60_000,
        log: { debug: log, info: log, warn: log, error: log },
      });
    };
    const self = (number: number) => ({ publicIp: `10.0.0.${number}`, attributes: { BackendType: 'host-gw' } });
    const [a, b] = [await subnetsOf(2_000), await subnetsOf(60_000)];
    const config = await a.config(stop.signal);
    expect(config).toEqual(parseNetworkConfig('{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'));
    const mine = await a.acquire(config, self(1), undefined, stop.signal);
    const [told, ends] = [new Map<string, string[]>(), [] as Promise<unknown>[]];
    const follow = (name: string, subnets: EtcdSubnets) => {
      const peers = (list: readonly { publicIp: string }[]) =>
        told.set(
          name,
          list.map((each) => each.publicIp),
        );
      ends.push(subnets.follow({ peers, moved: () => messages.push('moved') }, stop.signal).catch((error) => error));
    };
    follow('a', a);
    const other = await b.acquire(config, self(2), mine, stop.signal);
    expect(formatRange(other)).not.toBe(formatRange(mine));
    follow('b', b);
    const end = Date.now() + 20_000;
    // After four renewals a lease of two seconds would have ended without them.
    while (Date.now() < end && !(told.get('a')?.length && told.get('b')?.length && renewals >= 4)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(Object.fromEntries(told)).toEqual({ a: ['10.0.0.2'], b: ['10.0.0.1'] });
    expect(messages).toEqual(['Leased subnet', 'Leased subnet']);
    stop.abort(new Error('end of the test'));
    await Promise.all(ends);
    await a.release('10.0.0.1');
    a.close();
    b.close();
    const client = await connectAs('overlay');
    const left = await client.getAll().prefix(`${prefix}/subnets/`).json();
    client.close();
    expect(Object.values(left)).toMatchObject([{ PublicIP: '10.0.0.2' }]);
  });

  it('keys elsewhere stay closed', async () => {
    const client = await connectAs('overlay');
    await expect(client.get('/registry/secret').string()).rejects.toThrow('permission denied');
    client.close();
  });
});
