import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type Cluster, placeOf } from '../cluster/cluster.ts';
import { plainWishes, planCluster } from '../cluster/plan.ts';
import { ensurePki } from './certificates.ts';

let cluster: Cluster;
beforeEach(() => {
  const place = placeOf('dev', mkdtempSync(join(tmpdir(), 'coracle-pki-')));
  cluster = { ...planCluster('dev', plainWishes(1, 1), [], []), ...place };
});
afterEach(() => rmSync(cluster.data, { recursive: true, force: true }));

const file = (name: string) => join(cluster.data, 'pki', name);
const certificate = (name: string) => new X509Certificate(readFileSync(file(name)));

it('makes all once, each signed by its authority and for root alone', async () => {
  expect(await ensurePki(cluster)).toBeGreaterThan(15);
  expect(await ensurePki(cluster)).toBe(0);
  for (const [name, authority] of [
    ['apiserver-dev-1.crt', 'ca.crt'],
    ['etcd-server-dev-1.crt', 'etcd-ca.crt'],
    ['front-proxy-client.crt', 'front-proxy-ca.crt'],
  ] as const) {
    expect(certificate(name).verify(certificate(authority).publicKey)).toBe(true);
  }
  expect(certificate('apiserver-dev-1.crt').verify(certificate('etcd-ca.crt').publicKey)).toBe(false);
  expect(readdirSync(file('')).filter((it) => (statSync(file(it)).mode & 0o777) !== 0o600)).toEqual([]);
});

it('makes anew what is lost, what soon ends and what another authority signed, and nothing else', async () => {
  await ensurePki(cluster);
  const before = readFileSync(file('admin.crt'), 'utf8');
  rmSync(file('kube-proxy.key'));
  expect(await ensurePki(cluster)).toBe(1);
  expect(readFileSync(file('admin.crt'), 'utf8')).toBe(before);
  rmSync(file('etcd-ca.key'));
  expect(await ensurePki(cluster)).toBe(6); // the authority, and etcd's two certificates and its three clients'
  expect(certificate('etcd-server-dev-1.crt').verify(certificate('etcd-ca.crt').publicKey)).toBe(true);
  const later = Date.now() + 300 * 24 * 60 * 60 * 1000;
  expect(await ensurePki(cluster, later)).toBe(17);
  expect(readFileSync(file('admin.crt'), 'utf8')).not.toBe(before);
});
