import { existsSync, readFileSync } from 'node:fs';
import { loadKubeconfig, type RestConfig } from '@coracle/client';
import type { Log } from '@coracle/process';
import { writePem } from '@coracle/process/pki/write';
import { type KeyPair, readPair } from './store.ts';

/** The client certificate a kubeconfig has, from its data or its files; undefined where it has none. Throws when a file is missing. */
export function pairOf(config: RestConfig): KeyPair | undefined {
  const certificate = config.certData ?? (config.certFile && readFileSync(config.certFile, 'utf8'));
  const key = config.keyData ?? (config.keyFile && readFileSync(config.keyFile, 'utf8'));
  return certificate && key ? { certificate, key: keyIn(key) } : undefined;
}

/** The key of a text that may hold certificates before it. */
const keyIn = (text: string): string =>
  /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]+?-----END \1-----/.exec(text)?.[0] ?? text;

/** Whether the kubeconfig is there and its client certificate is good. Why it is not is logged: then it is written anew. */
export function isStillValid(path: string, now: number, log: Log): boolean {
  if (!existsSync(path)) return false;
  try {
    const pair = pairOf(loadKubeconfig(path));
    if (!pair) {
      log.warn({ path }, 'The existing kubeconfig has no client certificate, it is replaced');
      return false;
    }
    const { notAfter } = readPair(pair);
    if (notAfter >= now) return true;
    log.warn(
      { path, notAfter: new Date(notAfter) },
      'Part of the existing bootstrap client certificate is expired, it is replaced',
    );
  } catch (error) {
    log.warn({ err: error, path }, 'Unable to read existing bootstrap client config, it is replaced');
  }
  return false;
}

/** Writes the kubelet's kubeconfig: the server of the bootstrap kubeconfig, and the client certificate in `pemPath`. */
export async function writeKubeconfig(path: string, bootstrap: RestConfig, pemPath: string): Promise<void> {
  const cluster = {
    server: bootstrap.server,
    ...(bootstrap.caFile ? { 'certificate-authority': bootstrap.caFile } : {}),
    ...(!bootstrap.caFile && bootstrap.caData
      ? { 'certificate-authority-data': Buffer.from(bootstrap.caData).toString('base64') }
      : {}),
    ...(bootstrap.insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(bootstrap.tlsServerName ? { 'tls-server-name': bootstrap.tlsServerName } : {}),
  };
  // JSON is YAML: every reader of kubeconfigs takes it, and nothing needs quoting.
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default-cluster', cluster }],
    users: [{ name: 'default-auth', user: { 'client-certificate': pemPath, 'client-key': pemPath } }],
    contexts: [
      {
        name: 'default-context',
        context: { cluster: 'default-cluster', namespace: 'default', user: 'default-auth' },
      },
    ],
    'current-context': 'default-context',
  };
  await writePem(path, `${JSON.stringify(config, undefined, 2)}\n`);
}
