import { createHash } from 'node:crypto';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Client } from '@coracle/client';
import { generateKey, publicKeyOf } from '@coracle/process/pki/keys';
import { type Certificate, readPair } from './store.ts';

/** What a certificate of a node is to say. */
export interface CertificateTemplate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** Who signs it, and for what. */
export interface SigningPurpose {
  readonly signerName: string;
  readonly usages: readonly string[];
}

export const clientPurpose: SigningPurpose = {
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['digital signature', 'client auth'],
};

export const servingPurpose: SigningPurpose = {
  signerName: 'kubernetes.io/kubelet-serving',
  usages: ['digital signature', 'server auth'],
};

/** The subject every certificate of a node has. */
export function nodeSubject(nodeName: string): CertificateTemplate {
  return {
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    dnsNames: [],
    ipAddresses: [],
  };
}

export interface SigningWishes {
  readonly template: CertificateTemplate;
  readonly purpose: SigningPurpose;
  /** How long it shall last; undefined leaves that to the signer. */
  readonly expirationSeconds?: number | undefined;
  /** The private key to have certified (PEM); a new one without it. */
  readonly key?: string;
  /** With this, a request that is already there for the same key, subject and usages is gone on with, as after a restart. */
  readonly resume?: boolean;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once the request is in the API, with its name. */
  readonly submitted?: (name: string) => void;
}

/** Somebody decided against the request. */
export class RequestRefused extends Error {
  override name = 'RequestRefused';
}

/**
 * Asks the API server for a certificate and waits until it is issued: somebody approves the request, the signer signs it. Throws
 * RequestRefused when it was denied or failed, StatusError and ConnectionError as the client does, and the signal's reason.
 */
export async function requestCertificate(client: Client, wishes: SigningWishes): Promise<Certificate> {
  const key = wishes.key ?? (await generateKey());
  const { commonName, organizations, dnsNames, ipAddresses } = wishes.template;
  // Loaded only where it is needed: it costs a quarter of the kubelet's memory.
  const { makeRequest } = await import('@coracle/process/pki/request');
  const { request } = await makeRequest({ commonName, organizations, dnsNames, ipAddresses, key });
  const submitted = await submit(client, wishes, {
    metadata: wishes.resume ? { name: requestName(key, wishes) } : { generateName: 'csr-' },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: wishes.purpose.signerName,
      usages: [...wishes.purpose.usages],
      ...(wishes.expirationSeconds === undefined ? {} : { expirationSeconds: wishes.expirationSeconds }),
    },
  });
  wishes.submitted?.(submitted.metadata.name!);
  return readPair({ certificate: await issued(client, submitted, wishes.signal), key });
}

async function submit(
  client: Client,
  { resume, signal }: SigningWishes,
  wish: CertificateSigningRequest,
): Promise<CertificateSigningRequest> {
  try {
    return await client.create(certificateSigningRequest, wish, { signal });
  } catch (error) {
    if (!resume || !isAlreadyExists(error)) throw error;
  }
  const found = await client.get(certificateSigningRequest, wish.metadata.name!, undefined, { signal });
  if (found.spec.signerName !== wish.spec.signerName) {
    throw new Error(`retrieved csr is not compatible: csr signerName ${JSON.stringify(found.spec.signerName)} differs`);
  }
  return found;
}

/** The issued certificate, in PEM, once it is there. */
async function issued(client: Client, request: CertificateSigningRequest, signal: AbortSignal): Promise<string> {
  const { name = '', uid } = request.metadata;
  for (let latest = request; ; latest = await client.get(certificateSigningRequest, name, undefined, { signal })) {
    if (latest.metadata.uid !== uid) throw new Error(`csr ${JSON.stringify(name)} changed UIDs`);
    const answer = outcome(latest);
    if (answer !== undefined) return answer;
    const changes = client.watch(certificateSigningRequest, {
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: latest.metadata.resourceVersion!,
      signal,
    });
    for await (const { type, object } of changes) {
      if (type === 'DELETED') throw new Error(`csr ${JSON.stringify(name)} was deleted`);
      const news = outcome(object);
      if (news !== undefined) return news;
    }
  }
}

function outcome({ metadata, status }: CertificateSigningRequest): string | undefined {
  for (const [type, verb] of [
    ['Denied', 'is denied'],
    ['Failed', 'failed'],
  ] as const) {
    const condition = status?.conditions?.find((each) => each.type === type);
    if (!condition) continue;
    const { reason = '', message = '' } = condition;
    throw new RequestRefused(
      `certificate signing request ${metadata.name} ${verb}, reason: ${JSON.stringify(reason)}, message: ${JSON.stringify(message)}`,
    );
  }
  const approved = status?.conditions?.some((each) => each.type === 'Approved');
  return approved && status?.certificate ? Buffer.from(status.certificate, 'base64').toString() : undefined;
}

/** A name that says which key, subject and usages a request is for, so that a restarted kubelet finds its own again. */
function requestName(key: string, { template, purpose }: SigningWishes): string {
  const digest = createHash('sha512-256');
  for (const part of [publicKeyOf(key), template.commonName, ...template.organizations, ...purpose.usages]) {
    digest.update(part).update('|');
  }
  return `node-csr-${digest.digest('base64url')}`;
}
