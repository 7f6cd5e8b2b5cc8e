/** Certificates and keys: everything a cluster's own authority makes, in PEM. */
export {
  type Authority,
  type CertificateWishes,
  type Issued,
  issueCertificate,
  makeAuthority,
} from './pki/authority.ts';
export { type CertificateFacts, readCertificate } from './pki/certificate.ts';
export { generateKey, type KeyAlgorithm, makeServiceAccountKeys, publicKeyOf } from './pki/keys.ts';
export { makeRequest, parseRequest, type RequestFacts, signatureProblem, signRequest } from './pki/request.ts';
export { writePem } from './pki/write.ts';
