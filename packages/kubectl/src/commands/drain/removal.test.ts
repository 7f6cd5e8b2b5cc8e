import { namespace } from '@coracle/api/core/v1/namespace';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { namespaceLifecycle } from '@coracle/apiserver/admission/namespace-lifecycle';
import { startApiServer, type TestServer, type TestServerOptions } from '@coracle/apiserver/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { runKubectl } from '../../testing/run.ts';

let server: TestServer;
afterEach(() => server.close());

async function start(options: TestServerOptions = {}): Promise<void> {
  server = await startApiServer(options);
  await server.client.create(node, { metadata: { name: 'n' }, spec: {} });
}
const makePod = (name: string, grace = 0, where = 'default') =>
  server.client.create(pod, {
    metadata: {
      name,
      namespace: where,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: true }],
    },
    spec: { nodeName: 'n', terminationGracePeriodSeconds: grace, containers: [{ name: 'c', image: 'i' }] },
  });
const drain = (...flags: string[]) => runKubectl(['--server', server.url, 'drain', 'n', ...flags]);

describe('a drain', () => {
  it('deletes where the server has no evictions', async () => {
    await start({ subresources: {} });
    await makePod('p');
    expect(await drain()).toEqual({
      stdout: 'node/n cordoned\npod/p deleted\nnode/n drained\n',
      stderr: '',
      exitCode: 0,
    });
  });

  it('that is only tried out on the server deletes nothing, and ends', async () => {
    await start();
    await makePod('p');
    const { stdout, exitCode } = await drain('--disable-eviction', '--dry-run=server');
    expect([stdout, exitCode]).toEqual(['node/n cordoned (server dry run)\nnode/n drained (server dry run)\n', 0]);
    expect((await server.client.get(pod, 'p', 'default')).metadata.deletionTimestamp).toBeUndefined();
  });

  it('no longer waits for a pod that should have been gone for a while', async () => {
    await start();
    await makePod('stuck', 1);
    const { stdout, exitCode } = await drain('--skip-wait-for-delete-timeout=1');
    expect(stdout).toBe(
      'node/n cordoned\nevicting pod default/stuck\npod "stuck" has DeletionTimestamp older than 1 seconds, skipping\nnode/n drained\n',
    );
    expect(exitCode).toBe(0);
  });

  it('waits for pods that go along with their namespace, though none can be evicted there', async () => {
    await start({ plugins: [namespaceLifecycle()] });
    await server.client.create(namespace, { metadata: { name: 'ending' }, spec: {} });
    await makePod('p', 600, 'ending');
    await server.client.delete(namespace, 'ending');
    await server.client.delete(pod, 'p', 'ending');
    const { stdout, stderr } = await drain('--timeout=1s');
    expect(stdout).toBe('node/n cordoned\nevicting pod ending/p\n');
    expect(stderr).toContain('error when waiting for pod "p" in namespace "ending" to terminate');
    await server.client.delete(pod, 'p', 'ending', { gracePeriodSeconds: 0 });
    expect((await drain()).stdout).toBe('node/n already cordoned\nnode/n drained\n');
  });
});
