import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from '@peculiar/x509';
import { readSubject } from './subject.ts';

/** What a certificate says. */
export interface CertificateFacts {
  commonName: string;
  organizations: string[];
  issuer: string;
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  /** Whether it may sign other certificates. */
  authority: boolean;
  dnsNames: string[];
  ipAddresses: string[];
  /** Object identifiers of the extended key usages. */
  extendedKeyUsages: string[];
  /** Hexadecimal identifier of the key that signed it, where it says so. */
  authorityKeyId?: string;
}

/** Reads the first certificate of a PEM text. Throws when there is none. */
export function readCertificate(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  return {
    ...readSubject(certificate.subjectName),
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    authority: certificate.getExtension(BasicConstraintsExtension)?.ca ?? false,
    dnsNames: names.filter((name) => name.type === 'dns').map((name) => name.value),
    ipAddresses: names.filter((name) => name.type === 'ip').map((name) => name.value),
    extendedKeyUsages: (certificate.getExtension(ExtendedKeyUsageExtension)?.usages ?? []).map(String),
    ...(keyId ? { authorityKeyId: keyId } : {}),
  };
}
