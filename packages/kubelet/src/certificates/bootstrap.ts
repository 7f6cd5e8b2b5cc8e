import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, connect, loadKubeconfig } from '@coracle/client';
import { type Log, userAgent } from '@coracle/process';
import { generateKey } from '@coracle/process/pki/keys';
import { writePem } from '@coracle/process/pki/write';
import type { Clock } from '../clock.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { clientPurpose, nodeSubject, RequestRefused, requestCertificate } from './signing-request.ts';
import type { Certificate, CertificateStore } from './store.ts';
import { waiting } from './waiting.ts';

export interface BootstrapOptions {
  /** Where the kubelet's kubeconfig is to be. */
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig: string;
  readonly certDir: string;
  readonly nodeName: string;
  readonly store: CertificateStore;
  readonly expirationSeconds?: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Kept until the certificate is there, so that a restarted kubelet goes on with the request it made. */
const draftKey = 'kubelet-client.key.tmp';
const firstRetry = 2_000;
const longestRetry = 32_000;
/** A request nobody decides on is asked for again after this. */
const patience = 60 * 60_000;

/**
 * Gets the node's client certificate with the credentials of the bootstrap kubeconfig, and writes the kubelet's own kubeconfig that
 * points to it (https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/). Tries until it succeeds or the
 * signal is aborted. Throws when the bootstrap kubeconfig cannot be read.
 */
export async function bootstrap(options: BootstrapOptions): Promise<Certificate> {
  const { kubeconfig, store, clock, log, signal } = options;
  log.info({}, 'Using bootstrap kubeconfig to generate TLS client cert, key and kubeconfig file');
  for (let failures = 0; ; ) {
    const rest = bootstrapConfig(options.bootstrapKubeconfig);
    const client = connect({ ...rest, userAgent: userAgent('kubelet') });
    try {
      const got = await store.update(await firstCertificate(client, options), clock.now());
      await rm(join(options.certDir, draftKey), { force: true });
      await writeKubeconfig(kubeconfig, rest, store.currentPath);
      return got;
    } catch (error) {
      signal.throwIfAborted();
      const retryIn = Math.min(firstRetry * 2 ** failures++, longestRetry);
      const next =
        error instanceof RequestRefused
          ? 'a new request is possible once that one is deleted'
          : 'is the bootstrap token still valid, and the API server there?';
      log.error({ err: error, retryIn, next }, 'Failed to get the client certificate of this node, will retry');
      await waiting(clock, retryIn, signal);
      signal.throwIfAborted();
    } finally {
      client.close();
    }
  }
}

/** Read for each attempt: a token that expired is replaced in the file. */
function bootstrapConfig(file: string) {
  try {
    return loadKubeconfig(file);
  } catch (error) {
    throw new Error(`unable to load bootstrap kubeconfig: ${(error as Error).message}`);
  }
}

async function firstCertificate(client: Client, options: BootstrapOptions): Promise<Certificate> {
  const { certDir, nodeName, expirationSeconds, log, signal } = options;
  return requestCertificate(client, {
    template: nodeSubject(nodeName),
    purpose: clientPurpose,
    expirationSeconds,
    key: await keptKey(join(certDir, draftKey)),
    resume: true,
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    submitted: (csr) => log.info({ csr }, 'Waiting for client certificate to be issued'),
  });
}

async function keptKey(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = await generateKey();
  await writePem(file, key);
  return key;
}
