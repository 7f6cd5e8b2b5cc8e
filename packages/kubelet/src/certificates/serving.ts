import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { NodeAddress } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import type { Log } from '@coracle/process';
import type { Clock } from '../clock.ts';
import type { CertificateFiles, ServingCertificate } from '../server/certificate.ts';
import type { CertificateCounts } from './metrics.ts';
import { Rotation } from './rotation.ts';
import { type CertificateTemplate, nodeSubject, requestCertificate, servingPurpose } from './signing-request.ts';
import { CertificateStore } from './store.ts';

export interface ServingOptions {
  readonly client: Client;
  readonly nodeName: string;
  readonly certDir: string;
  /** tlsCertFile and tlsPrivateKeyFile: served until the first signed certificate is due. */
  readonly configured: CertificateFiles;
  /** Of the node as the API has it; undefined before it is registered. */
  addresses(): readonly NodeAddress[] | undefined;
  readonly expirationSeconds?: number;
  readonly counts: CertificateCounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A request nobody decides on is made again after this. */
const patience = 15 * 60_000;

/**
 * Has the kubelet's serving certificate signed by the cluster (`kubernetes.io/kubelet-serving`), for the addresses the node has, and
 * keeps it renewed. Nothing approves such requests by itself: an administrator does, or a controller of theirs.
 */
export async function signedServing(options: ServingOptions): Promise<ServingCertificate> {
  const { client, nodeName, certDir, configured, expirationSeconds, clock, log, signal } = options;
  const store = new CertificateStore(certDir, 'kubelet-server', log);
  const followers = new Set<() => void>();
  let first = await store.current();
  if (!first && configured.certFile && configured.keyFile) {
    const [certificate, key] = [readFileSync(configured.certFile, 'utf8'), readFileSync(configured.keyFile, 'utf8')];
    first = await store.update({ certificate, key }, clock.now());
  }
  const rotation = new Rotation(
    {
      ...options,
      store,
      template: () => servingTemplate(nodeName, options.addresses() ?? []),
      request: (template) =>
        requestCertificate(client, {
          template,
          purpose: servingPurpose,
          expirationSeconds,
          signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
          submitted: (csr) => log.info({ csr }, 'Serving certificate is asked for, waiting for approval'),
        }),
      renewed: () => {
        for (const changed of followers) changed();
      },
      random: Math.random,
    },
    first,
  );
  log.info({}, 'Starting server certificate rotation');
  void rotation.run();
  return {
    async read() {
      const pair = rotation.current;
      return pair && { cert: pair.certificate, key: pair.key };
    },
    follow(changed) {
      followers.add(changed);
      return () => followers.delete(changed);
    },
  };
}

/** What the serving certificate is to say; undefined while the node has no addresses. */
export function servingTemplate(nodeName: string, addresses: readonly NodeAddress[]): CertificateTemplate | undefined {
  const dnsNames = new Set<string>();
  const ipAddresses = new Set<string>();
  for (const { type, address } of addresses) {
    if (type.endsWith('IP') || isIP(address)) ipAddresses.add(address);
    else dnsNames.add(address);
  }
  if (dnsNames.size + ipAddresses.size === 0) return undefined;
  return { ...nodeSubject(nodeName), dnsNames: [...dnsNames].sort(), ipAddresses: [...ipAddresses].sort() };
}
