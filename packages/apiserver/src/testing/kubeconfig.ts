import { writeFile } from 'node:fs/promises';
import type { HttpsServer } from './https-server.ts';

/** Writes a file in the form of a kubeconfig that says how to call a test's server. */
export async function writeWebhookConfig(path: string, server: HttpsServer, token = 'tok'): Promise<void> {
  const cluster = { server: `${server.url}/in`, 'certificate-authority-data': server.caBundle };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'hook', cluster }],
    users: [{ name: 'api', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'hook', user: 'api' } }],
    'current-context': 'c',
  };
  await writeFile(path, JSON.stringify(config));
}
