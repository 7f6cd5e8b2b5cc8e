import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Node } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, launcher, run } from '../cluster.ts';

/** CAP_NET_BIND_SERVICE, as a bit of /proc/<pid>/status. */
const bindService = 1n << 10n;

/** TLS, authentication and file modes of a running cluster. */
export function security(cluster: Cluster): void {
  /** Status code of a GET without any credentials. Trust is not the question here. */
  const anonymous = (url: string) =>
    new Promise<number>((resolve, reject) => {
      request(url, { rejectUnauthorized: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });

  describe('security', () => {
    it('tells nothing to strangers but health and version', async () => {
      const server = (await cluster.must(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}'])).trim();
      for (const open of ['/healthz', '/livez', '/readyz', '/version'])
        expect([open, await anonymous(server + open)]).toEqual([open, 200]);
      for (const shut of ['/api', '/api/v1/pods', '/metrics', '/openapi/v3', '/'])
        expect([shut, await anonymous(server + shut)]).toEqual([shut, 403]);
      const node = (await cluster.get<{ items: Node[] }>('nodes')).items[0]!;
      const address = node.status?.addresses?.find((each) => each.type === 'InternalIP')?.address;
      for (const path of ['/pods', '/metrics', '/configz', '/stats/summary']) {
        expect([path, await anonymous(`https://${address}:10250${path}`)]).toEqual([path, 401]);
      }
    });

    it('keeps keys and kubeconfigs to their owner', () => {
      const loose = filesBelow(cluster.dataDir)
        .filter((path) => /\.(key|kubeconfig)$/.test(path))
        .filter((path) => (statSync(path).mode & 0o077) !== 0);
      expect(loose).toEqual([]);
      expect(filesBelow(cluster.dataDir).some((path) => path.endsWith('.key'))).toBe(true);
    });

    it('runs etcd and the API server as ordinary users, who may bind port 443 by an ambient capability', async () => {
      const facts = (text: string, name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(text)?.[1];
      for (const component of ['etcd', 'kube-apiserver']) {
        const status = readFileSync(`/proc/${await cluster.processOf(component)}/status`, 'utf8');
        expect([component, facts(status, 'Uid')]).not.toEqual([component, '0']);
        const ambient = BigInt(`0x${facts(status, 'CapAmb')}`);
        expect([component, ambient]).toEqual([component, component === 'etcd' ? 0n : bindService]);
      }
      expect((await cluster.status()).server).toMatch(/^https:\/\/[\d.]+:443$/);
    });

    it('lets nobody at etcd without its certificate', async () => {
      const address = (await cluster.status()).nodes[0]!.address;
      await expect(anonymous(`https://${address}:2379/health`)).rejects.toThrow(
        /certificate required|handshake failure|ECONNRESET/i,
      );
    });

    it('binds users by role', async () => {
      expect(await cluster.must(['auth', 'can-i', 'create', 'pods'])).toBe('yes\n');
      const denied = await cluster.kubectl(['auth', 'can-i', 'create', 'pods', '--as=jane']);
      expect(denied).toEqual({ code: 1, stdout: 'no\n', stderr: '' });
      await cluster.must(['create', 'role', 'reader', '--verb=get,list', '--resource=pods']);
      await cluster.must(['create', 'rolebinding', 'jane-reads', '--role=reader', '--user=jane']);
      const read = await cluster.kubectl(['get', 'pods', '--as=jane']);
      expect(read.code).toBe(0);
      const write = await cluster.kubectl(['delete', 'pod', 'nobody', '--as=jane']);
      expect(write.stderr).toBe(
        'Error from server (Forbidden): pods "nobody" is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "default"\n',
      );
    });

    it('lets a pod in with its own token only', async () => {
      const token = (await cluster.must(['create', 'token', 'default'])).trim();
      const server = (await cluster.must(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}'])).trim();
      const anonymousEnv = { KUBECONFIG: '/dev/null' };
      const whoami = await run(
        launcher('kubectl'),
        [
          'auth',
          'whoami',
          `--server=${server}`,
          `--token=${token}`,
          '--insecure-skip-tls-verify',
          '-o',
          'jsonpath={.status.userInfo.username}',
        ],
        { env: anonymousEnv },
      );
      expect(whoami.stdout).toBe('system:serviceaccount:default:default');
      const forged = await run(
        launcher('kubectl'),
        ['get', 'pods', `--server=${server}`, `--token=${token.slice(0, -6)}AAAAAA`, '--insecure-skip-tls-verify'],
        { env: anonymousEnv },
      );
      expect(forged.stderr).toBe('error: You must be logged in to the server (Unauthorized)\n');
    });
  });
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    // Root file systems of nodes are not ours to judge.
    if (entry.isDirectory())
      return ['rootfs', 'upper', 'work', 'merged', 'containerd'].includes(entry.name) ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
