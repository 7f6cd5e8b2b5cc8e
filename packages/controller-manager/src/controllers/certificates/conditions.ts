import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';

const has = (it: CertificateSigningRequest, type: string): boolean =>
  it.status?.conditions?.some((each) => each.type === type) ?? false;

export const isApproved = (it: CertificateSigningRequest): boolean => has(it, 'Approved') && !has(it, 'Denied');
export const isDecided = (it: CertificateSigningRequest): boolean => has(it, 'Approved') || has(it, 'Denied');
export const isFailed = (it: CertificateSigningRequest): boolean => has(it, 'Failed');

/** The PEM text of what is asked for. */
export const requestPem = (it: CertificateSigningRequest): string => Buffer.from(it.spec.request, 'base64').toString();
