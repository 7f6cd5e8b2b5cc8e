import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { namespace } from '@coracle/api/core/v1/namespace';
import { isConditionTrue } from '@coracle/api/meta/conditions';
import type { StatusError } from '@coracle/api/meta/status';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EtcdStore } from '../storage/etcd-store.ts';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { eventually } from '../testing/expectations.ts';
import { type ExtensionServer, startExtensionServer } from '../testing/extension-server.ts';
import { type SecureServer, startSecureServerOn } from '../testing/secure-server.ts';

const name = 'v1.wardle.example.com';

let etcd: TestEtcd;
let extension: ExtensionServer;
let server: SecureServer;
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'kubectl-'));
  extension = await startExtensionServer();
  etcd = await startEtcd();
  server = await startSecureServerOn(new EtcdStore({ servers: [etcd.url] }), ...extension.flags);
  await server.admin.create(namespace, { metadata: { name: 'wardle' }, spec: {} });
  await extension.register(server.admin);
  await isAvailable(true);
  const { certData, keyData } = await server.configOf('admin', 'system:masters');
  const base64 = (text = '') => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: { server: server.url, 'certificate-authority-data': base64(server.authority.certificate) },
      },
    ],
    users: [{ name: 'u', user: { 'client-certificate-data': base64(certData), 'client-key-data': base64(keyData) } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(join(home, 'config'), JSON.stringify(config));
});
afterAll(async () => {
  await server.close();
  await extension.close();
  await etcd.close();
  await rm(home, { recursive: true });
});

const isAvailable = (wanted: boolean) =>
  eventually(async () => {
    const { status } = await server.admin.get(apiService, name);
    return isConditionTrue(status?.conditions, 'Available') === wanted;
  });

const run = (command: string, args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) =>
    execFile(command, args, { env: { PATH: process.env.PATH, HOME: home } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  );

/** Looks at discovery anew each time. */
const kubectl = (...args: string[]) =>
  run('kubectl', ['--kubeconfig', join(home, 'config'), '--cache-dir', join(home, String(caches++)), ...args]);
let caches = 0;

describe("upstream's kubectl", () => {
  it('makes, shows, explains and deletes objects of an extension server', async () => {
    const manifest = join(home, 'flunder.json');
    const flunder = {
      apiVersion: 'wardle.example.com/v1',
      kind: 'Flunder',
      metadata: { name: 'one', namespace: 'default' },
      spec: { color: 'red' },
    };
    await writeFile(manifest, JSON.stringify(flunder));
    expect(await kubectl('apply', '-f', manifest)).toMatchObject({
      stdout: 'flunder.wardle.example.com/one created\n',
      code: 0,
    });
    expect((await kubectl('get', 'fl')).stdout).toMatch(/^NAME +AGE\none +\S+\n$/);
    expect((await kubectl('explain', 'flunder.spec')).stdout).toMatch(
      /What the flunder is to be\.[\s\S]*color\t<string>/,
    );
    expect((await kubectl('delete', 'flunder', 'one')).stdout).toBe('flunder.wardle.example.com "one" deleted\n');
  });

  it('is passed on in the name of the user, with the certificate of the front proxy', async () => {
    await kubectl('get', 'flunders');
    const request = extension.received.find(({ url }) => url?.includes('/flunders'))!;
    expect(request.headers).toMatchObject({
      'x-remote-user': 'admin',
      'x-remote-group': expect.stringContaining('system:masters'),
    });
    expect(request.headers.authorization).toBeUndefined();
    expect((request.socket as TLSSocket).getPeerCertificate().subject.CN).toBe('front-proxy-client');
  });

  it('shows who serves what', async () => {
    const resources = await kubectl('api-resources', '--api-group=wardle.example.com');
    expect(resources.stdout).toMatch(/\nflunders +fl +wardle\.example\.com\/v1 +true +Flunder\n$/);
    const { stdout } = await kubectl('get', 'apiservices');
    expect(stdout).toMatch(/^NAME +SERVICE +AVAILABLE +AGE\n/);
    expect(stdout).toMatch(/\nv1\.apps +Local +True +/);
    expect(stdout).toMatch(/\nv1\.wardle\.example\.com +wardle\/api +True +/);
  });

  it('goes on with other groups where the server is away', async () => {
    const body = { spec: { service: { port: 444 } } };
    await server.admin.patch(apiService, name, undefined, { type: 'merge', body });
    await isAvailable(false);
    const { stdout } = await kubectl('get', 'apiservice', name);
    expect(stdout).toMatch(/wardle\/api +False \(ServicePortError\) +/);
    const { status } = await server.admin.get(apiService, name);
    expect(status?.conditions?.[0]).toMatchObject({
      reason: 'ServicePortError',
      message: 'service/api in "wardle" is not listening on port 444',
    });
    const answer = await server.admin
      .request('GET', '/apis/wardle.example.com/v1')
      .catch((error: StatusError) => error);
    expect(answer).toMatchObject({ code: 503 });
    expect(await kubectl('get', 'namespaces')).toMatchObject({ code: 0 });
    const resources = await kubectl('api-resources');
    expect(resources.stdout).toContain('deployments');
    expect(resources.stdout).not.toContain('flunders');
    expect((await kubectl('get', 'flunders.v1.wardle.example.com')).code).toBe(1);
  });
});
