import { rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { RestConfig } from '@coracle/client';
import type { TestContainerd } from './containerd.ts';

/** A way from a containerd's namespaces to an API server of the test: what a kubelet there needs to reach it. */
export interface ApiBridge {
  kubeconfig: string;
  port: number;
  close(): Promise<void>;
}

/** Makes the API server at `config` reachable inside, on the same port, and writes a kubeconfig for it. */
export async function bridgeApi(containerd: TestContainerd, config: RestConfig): Promise<ApiBridge> {
  const url = new URL(config.server);
  const port = Number(url.port);
  const socket = join(containerd.folder, 'api.sock');
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((client) => {
    const upstream = connect(port, url.hostname);
    sockets.add(client).add(upstream);
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const kubeconfig = join(containerd.folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: `${url.protocol}//127.0.0.1:${port}` } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      users: [{ name: 'test', user: {} }],
      'current-context': 'test',
    }),
  );
  return {
    kubeconfig,
    port,
    async close() {
      for (const each of sockets) each.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(socket, { force: true });
    },
  };
}
