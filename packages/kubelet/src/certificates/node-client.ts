import { type Client, connect, loadKubeconfig, type RestConfig } from '@coracle/client';
import { type Log, UsageError, userAgent } from '@coracle/process';
import type { Clock } from '../clock.ts';
import { bootstrap } from './bootstrap.ts';
import { isStillValid, pairOf } from './kubeconfig.ts';
import type { CertificateCounts } from './metrics.ts';
import { Rotation } from './rotation.ts';
import { clientPurpose, nodeSubject, requestCertificate } from './signing-request.ts';
import { type Certificate, CertificateStore, readPair } from './store.ts';

export interface NodeClientOptions {
  /** Paths; no bootstrap kubeconfig when empty. */
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig: string;
  readonly certDir: string;
  readonly nodeName: string;
  /** Whether the client certificate is renewed before it expires. */
  readonly rotate: boolean;
  /** Requests a second on average, and at once. */
  readonly qps: number | undefined;
  readonly burst: number;
  /** How long certificates are asked for; undefined leaves that to the signer. */
  readonly expirationSeconds?: number;
  readonly counts: CertificateCounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How the kubelet reaches the API server. */
export interface NodeClient {
  readonly client: Client;
  /** Settles when rotation has ended, with the signal. */
  readonly ended: Promise<void>;
}

/** A request nobody decides on is made again after this. */
const patience = 15 * 60_000;

/**
 * The kubelet's client: with the certificate of its kubeconfig, or, where that is missing, expired or damaged, with one it gets by the
 * bootstrap kubeconfig first (it waits until that is issued). Keeps the certificate renewed where `rotate` says so; the client's
 * connections follow. Throws UsageError for settings that make no sense, and when a kubeconfig cannot be read.
 */
export async function nodeClient(options: NodeClientOptions): Promise<NodeClient> {
  const { kubeconfig, bootstrapKubeconfig, certDir, counts, clock, log, rotate } = options;
  if (kubeconfig === '') throw new UsageError('--bootstrap-kubeconfig needs --kubeconfig: the file it is to write');
  const store = new CertificateStore(certDir, 'kubelet-client', log);
  if (bootstrapKubeconfig !== '' && !isStillValid(kubeconfig, clock.now(), log)) await bootstrap({ ...options, store });
  const rest = { ...loadKubeconfig(kubeconfig), ...limitsOf(options) };
  if (!rotate) {
    const pair = pairOf(rest);
    if (pair) counts.inForce(readPair(pair).notAfter);
    return { client: connect(rest), ended: Promise.resolve() };
  }
  const { certificate, renewNow } = await startingCertificate(store, rest, options);
  const client = connect({
    ...rest,
    certData: undefined,
    keyData: undefined,
    certFile: store.currentPath,
    keyFile: store.currentPath,
  });
  const rotation = new Rotation(
    {
      ...options,
      store,
      template: () => nodeSubject(options.nodeName),
      request: (_template, inForce) => renew(client, inForce, options),
      renewed: () => client.reconnect(),
      random: Math.random,
    },
    certificate,
    renewNow,
  );
  log.info({}, 'Starting client certificate rotation');
  return { client, ended: rotation.run() };
}

const limitsOf = ({ qps, burst }: NodeClientOptions) => ({ qps, burst, userAgent: userAgent('kubelet') });

/**
 * The certificate to begin with. One that somebody laid down in the kubeconfig moves to where its successors will be, and is replaced at
 * once, so that from then on its key is known to this kubelet alone.
 */
async function startingCertificate(
  store: CertificateStore,
  rest: RestConfig,
  { clock, kubeconfig }: NodeClientOptions,
): Promise<{ certificate: Certificate; renewNow: boolean }> {
  const stored = await store.current();
  if (stored && stored.notAfter > clock.now()) return { certificate: stored, renewNow: false };
  const configured = pairOf(rest);
  if (configured && rest.certFile !== store.currentPath)
    return { certificate: await store.update(configured, clock.now()), renewNow: true };
  if (stored) return { certificate: stored, renewNow: false };
  throw new UsageError(
    `rotateCertificates: ${kubeconfig} has no client certificate to renew; set --bootstrap-kubeconfig to get one`,
  );
}

/** Gets the next certificate in the name of the one in force; once that has expired, by the bootstrap kubeconfig where there is one. */
async function renew(
  client: Client,
  inForce: Certificate | undefined,
  options: NodeClientOptions,
): Promise<Certificate> {
  const { nodeName, bootstrapKubeconfig, expirationSeconds, clock, log, signal } = options;
  const expired = inForce === undefined || inForce.notAfter <= clock.now();
  const asker =
    expired && bootstrapKubeconfig !== ''
      ? connect({ ...loadKubeconfig(bootstrapKubeconfig), userAgent: userAgent('kubelet') })
      : client;
  try {
    return await requestCertificate(asker, {
      template: nodeSubject(nodeName),
      purpose: clientPurpose,
      expirationSeconds,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
      submitted: (csr) => log.info({ csr }, 'Certificate signing request is made, waiting for approval'),
    });
  } finally {
    if (asker !== client) asker.close();
  }
}
