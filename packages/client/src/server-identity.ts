import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** A certificate that has the name of a host as its subject alone: as Go's, clients here do not go by it. */
export class SubjectAlone extends Error {
  readonly code = 'CERT_SUBJECT_ALONE';

  constructor() {
    super('tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead');
  }
}

/** What is wrong with the certificate of a server for the host that was asked; undefined: nothing. Subjects are not looked at. */
export function checkAlternativeNames(host: string, certificate: PeerCertificate): Error | undefined {
  const problem = checkServerIdentity(host, certificate);
  return problem === undefined && !certificate.subjectaltname ? new SubjectAlone() : problem;
}
