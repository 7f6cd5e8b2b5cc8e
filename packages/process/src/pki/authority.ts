import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { generateKey, type KeyAlgorithm, signingKeysOf } from './keys.ts';
import { subjectName } from './subject.ts';

/** A certificate with the private key it certifies, both PEM. */
export interface Issued {
  certificate: string;
  key: string;
}

/** A certificate authority: a certificate that may sign others, with its key. Read from files, or made by `makeAuthority`. */
export type Authority = Issued;

const day = 24 * 60 * 60 * 1000;
/** Certificates are valid from a little in the past, so that a node whose clock is slightly behind accepts them. */
export const backdate = 5 * 60 * 1000;

/** Makes a self-signed authority, valid for `days` from now. */
export async function makeAuthority(wishes: {
  commonName: string;
  days: number;
  keyAlgorithm?: KeyAlgorithm;
}): Promise<Authority> {
  const key = await generateKey(wishes.keyAlgorithm);
  const { keys, signingAlgorithm } = await signingKeysOf(key);
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create({
    subject: subjectName(wishes.commonName, []),
    issuer: subjectName(wishes.commonName, []),
    notBefore: new Date(now - backdate),
    notAfter: new Date(now + wishes.days * day),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(
        KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyCertSign,
        true,
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem') + '\n', key };
}

/** What a certificate is to say. */
export interface CertificateWishes {
  authority: Authority;
  commonName: string;
  /** Groups of a client certificate. */
  organizations?: readonly string[];
  /** Uids of a client certificate: one, or none. */
  uids?: readonly string[];
  dnsNames?: readonly string[];
  /** IPv4 or IPv6 addresses. */
  ipAddresses?: readonly string[];
  usages: readonly ('client' | 'server')[];
  days: number;
  keyAlgorithm?: KeyAlgorithm;
}

/** Makes a key and a certificate for it, signed by the authority. Never outlives the authority. */
export async function issueCertificate(wishes: CertificateWishes): Promise<Issued> {
  const key = await generateKey(wishes.keyAlgorithm);
  const { keys, rsa } = await signingKeysOf(key);
  const now = Date.now();
  const certificate = await certify(wishes.authority, {
    subject: subjectName(wishes.commonName, wishes.organizations, wishes.uids),
    publicKey: keys.publicKey,
    names: [
      ...(wishes.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(wishes.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ],
    keyUsages: KeyUsageFlags.digitalSignature | (rsa ? KeyUsageFlags.keyEncipherment : 0),
    extendedKeyUsages: wishes.usages.map((usage) =>
      usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
    ),
    notBefore: new Date(now - backdate),
    notAfter: new Date(now + wishes.days * day),
  });
  return { certificate, key };
}

/** The parts of a certificate to sign. */
export interface CertificateParts {
  subject: ReturnType<typeof subjectName>;
  publicKey: Parameters<typeof SubjectKeyIdentifierExtension.create>[0];
  names: JsonGeneralNames;
  keyUsages: KeyUsageFlags;
  extendedKeyUsages: readonly string[];
  notBefore: Date;
  notAfter: Date;
}

/** Signs a certificate as the authority does, never valid longer than the authority itself; returns PEM. */
export async function certify(authority: Authority, parts: CertificateParts): Promise<string> {
  const issuer = new X509Certificate(authority.certificate);
  const signer = await signingKeysOf(authority.key);
  const extensions: Extension[] = [
    new KeyUsagesExtension(parts.keyUsages, true),
    new BasicConstraintsExtension(false, undefined, true),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
  if (parts.extendedKeyUsages.length > 0) extensions.push(new ExtendedKeyUsageExtension([...parts.extendedKeyUsages]));
  if (parts.names.length > 0) extensions.push(new SubjectAlternativeNameExtension(parts.names));
  const certificate = await X509CertificateGenerator.create({
    subject: parts.subject,
    issuer: issuer.subjectName,
    notBefore: parts.notBefore,
    notAfter: new Date(Math.min(parts.notAfter.getTime(), issuer.notAfter.getTime())),
    publicKey: parts.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: signer.signingAlgorithm,
    extensions,
  });
  return certificate.toString('pem') + '\n';
}
