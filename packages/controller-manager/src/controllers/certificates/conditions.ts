import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { clone } from '@coracle/api/meta/object';
import { now } from '@coracle/api/meta/time';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Client } from '@coracle/client';

const has = (it: CertificateSigningRequest, type: string): boolean =>
  it.status?.conditions?.some((each) => each.type === type) ?? false;

export const isApproved = (it: CertificateSigningRequest): boolean => has(it, 'Approved') && !has(it, 'Denied');
export const isDecided = (it: CertificateSigningRequest): boolean => has(it, 'Approved') || has(it, 'Denied');
export const isFailed = (it: CertificateSigningRequest): boolean => has(it, 'Failed');

/** The PEM text of what is asked for. */
export const requestPem = (it: CertificateSigningRequest): string => Buffer.from(it.spec.request, 'base64').toString();

/** Approves a request by its subresource; `message` says why. */
export async function approve(client: Client, it: CertificateSigningRequest, message: string): Promise<void> {
  const approved = clone(it);
  const time = now();
  approved.status = {
    ...approved.status,
    conditions: [
      ...(approved.status?.conditions ?? []),
      {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message,
        lastUpdateTime: time,
        lastTransitionTime: time,
      },
    ],
  };
  await client.subresource(certificateSigningRequest, it.metadata.name!, undefined, 'approval', 'PUT', approved);
}
