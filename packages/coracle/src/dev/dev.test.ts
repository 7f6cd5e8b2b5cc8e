import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployment } from '@coracle/api/apps/v1/deployment';
import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { selfSubjectReview } from '@coracle/api/authentication/v1/selfsubjectreview';
import { configMap } from '@coracle/api/core/v1/configmap';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { Deployment } from '@coracle/api/types/apps/v1';
import { connect, loadKubeconfig } from '@coracle/client';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { checkout } from '../cluster/cluster.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-dev-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const launcher = join(checkout, 'bin/coracle');

const dev = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve, reject) =>
    execFile(launcher, ['dev', ...args], (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    }),
  );

const web = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'nginx:1.14.2' }] },
    },
  },
} as Deployment;

it('runs an API server with its controllers until it is interrupted, for those alone who have the kubeconfig', async () => {
  const file = join(folder, 'kubeconfig');
  const child = spawn(launcher, ['dev', '--kubeconfig', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    await new Promise((resolve) => child.stderr.once('data', resolve));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const config = loadKubeconfig(file);
    // Clients made with client-go (kubectl, helm, …) show a kubeconfig's token over TLS alone.
    expect(config).toMatchObject({ server: expect.stringMatching(/^https:/), caData: expect.anything() });
    const client = connect(config);
    await client.create(deployment, web);
    await client.create(serviceAccount, { metadata: { name: 'robot', namespace: 'default' } });
    const { body } = await client.request('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
      headers: { 'content-type': 'application/json' },
    });
    const { token } = JSON.parse(body.toString()).status;
    const robot = connect({ server: config.server, caData: config.caData!, token });
    const { status } = await robot.create(selfSubjectReview, { metadata: {} });
    expect(status?.userInfo?.username).toBe('system:serviceaccount:default:robot');
    for (;;) {
      const { items } = await client.list(replicaSet, { namespace: 'default' });
      if (items[0]?.status?.replicas === 2) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await expect(connect({ server: config.server, caData: config.caData! }).list(configMap)).rejects.toMatchObject({
      code: 401,
    });
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toBe(0);
}, 60_000);

it('runs a command with it, takes its exit code, and leaves no kubeconfig', async () => {
  const script = `echo "$KUBECONFIG"; ${join(checkout, 'bin/kubectl')} create configmap settings >&2; exit 7`;
  const { code, stdout, stderr } = await dev('--no-controllers', '--', 'sh', '-c', script);
  expect([code, stderr]).toEqual([7, 'configmap/settings created\n']);
  expect(stdout).toContain('kubeconfig');
  expect(existsSync(stdout.trim())).toBe(false);
}, 60_000);

it('says what it cannot do', async () => {
  expect(await dev('--controllers=nonsense')).toMatchObject({
    code: 1,
    stderr: 'error: "nonsense" is not in the list of known controllers\n',
  });
  expect(await dev('--', '/no/such/program')).toMatchObject({
    code: 127,
    stderr: expect.stringContaining('/no/such/program cannot be run'),
  });
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const taken = await dev(`--port=${port}`);
  await new Promise((resolve) => other.close(resolve));
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining(`port ${port} of 127.0.0.1 is taken`) });
}, 60_000);
