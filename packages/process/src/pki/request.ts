import 'reflect-metadata';
import { pemBlocks } from '@coracle/api/meta/pem';
import {
  type JsonGeneralNames,
  KeyUsageFlags,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import { type Authority, certify } from './authority.ts';
import { generateKey, type KeyAlgorithm, signingKeysOf } from './keys.ts';
import { checkRequestForm } from './request-form.ts';
import { readSubject, subjectName } from './subject.ts';

/** What a certificate signing request asks for. */
export interface RequestFacts {
  commonName: string;
  organizations: string[];
  dnsNames: string[];
  ipAddresses: string[];
  emailAddresses: string[];
  uris: string[];
}

/** Makes a PKCS#10 request (PEM), signed with the given private key or with a new one, which is returned too. */
export async function makeRequest(wishes: {
  commonName: string;
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  key?: string;
  keyAlgorithm?: KeyAlgorithm;
}): Promise<{ request: string; key: string }> {
  const key = wishes.key ?? (await generateKey(wishes.keyAlgorithm));
  const { keys, signingAlgorithm } = await signingKeysOf(key);
  const names: JsonGeneralNames = [
    ...(wishes.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(wishes.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: subjectName(wishes.commonName, wishes.organizations ?? []),
    keys,
    signingAlgorithm,
    extensions: names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : [],
  });
  return { request: request.toString('pem') + '\n', key };
}

/**
 * Reads a PKCS#10 request. Throws `PEM block type must be CERTIFICATE REQUEST` when the text holds something else, and on
 * a body that cannot be decoded, in the words of Go's crypto/x509. The signature is not looked at: see `signatureProblem`.
 */
export function parseRequest(pem: string): RequestFacts {
  const request = decode(pem);
  const names = namesOf(request);
  const of = (type: string) => names.filter((name) => name.type === type).map((name) => name.value);
  return {
    ...readSubject(request.subjectName),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}

/** All that Go's `pkix.Name` knows of a request's subject. */
export interface RequestSubject {
  commonName: string;
  serialNumber: string;
  organizations: string[];
  organizationalUnits: string[];
  countries: string[];
  localities: string[];
  provinces: string[];
  streetAddresses: string[];
  postalCodes: string[];
}

/** The subject of a PKCS#10 request. Throws as `parseRequest` does. */
export function requestSubject(pem: string): RequestSubject {
  const { subjectName } = decode(pem);
  const all = (type: string) => subjectName.getField(type);
  return {
    ...readSubject(subjectName),
    serialNumber: all('2.5.4.5').at(-1) ?? '',
    organizationalUnits: all('OU'),
    countries: all('C'),
    localities: all('L'),
    provinces: all('ST'),
    streetAddresses: all('2.5.4.9'),
    postalCodes: all('2.5.4.17'),
  };
}

const wrongSignature: Readonly<Record<string, string>> = {
  ECDSA: 'x509: ECDSA verification failure',
  Ed25519: 'x509: Ed25519 verification failure',
};

/** What is wrong, in upstream's words, with a request that was not signed with the key it asks a certificate for; undefined: nothing. */
export async function signatureProblem(pem: string): Promise<string | undefined> {
  const request = decode(pem);
  if (await request.verify()) return undefined;
  return wrongSignature[request.publicKey.algorithm.name] ?? 'crypto/rsa: verification error';
}

/** Extended key usages by the names the certificates API gives them. */
const extendedKeyUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

const keyUsages: Readonly<Record<string, KeyUsageFlags>> = {
  signing: KeyUsageFlags.digitalSignature,
  'digital signature': KeyUsageFlags.digitalSignature,
  'content commitment': KeyUsageFlags.nonRepudiation,
  'key encipherment': KeyUsageFlags.keyEncipherment,
  'key agreement': KeyUsageFlags.keyAgreement,
  'data encipherment': KeyUsageFlags.dataEncipherment,
  'cert sign': KeyUsageFlags.keyCertSign,
  'crl sign': KeyUsageFlags.cRLSign,
  'encipher only': KeyUsageFlags.encipherOnly,
  'decipher only': KeyUsageFlags.decipherOnly,
};

/**
 * Signs a request as the authority: subject and names are copied from it, usages are those given in the certificates API's
 * words (`client auth`, `digital signature`, …). Throws on an unknown usage and on a request its key did not sign. Returns
 * the certificate in PEM.
 */
export async function signRequest(wishes: {
  authority: Authority;
  request: string;
  usages: readonly string[];
  notBefore: Date;
  notAfter: Date;
}): Promise<string> {
  const request = decode(wishes.request);
  if (!(await request.verify())) throw new Error('the signature of the certificate request does not match its key');
  let flags = 0;
  const extended: string[] = [];
  for (const usage of wishes.usages) {
    const flag = keyUsages[usage];
    const identifier = extendedKeyUsages[usage];
    if (flag !== undefined) flags |= flag;
    else if (identifier !== undefined) extended.push(identifier);
    else throw new Error(`unrecognized usage: ${usage}`);
  }
  return certify(wishes.authority, {
    subject: request.subjectName,
    publicKey: request.publicKey,
    names: namesOf(request).map((name) => name.toJSON()),
    keyUsages: flags,
    extendedKeyUsages: extended,
    notBefore: wishes.notBefore,
    notAfter: wishes.notAfter,
  });
}

const subjectAlternativeName = '2.5.29.17';

function namesOf(request: Pkcs10CertificateRequest) {
  const extension = request.getExtension(subjectAlternativeName);
  return extension ? new SubjectAlternativeNameExtension(extension.rawData).names.items : [];
}

function decode(pem: string): Pkcs10CertificateRequest {
  const block = pemBlocks(pem)[0];
  if (block?.type !== 'CERTIFICATE REQUEST') throw new Error('PEM block type must be CERTIFICATE REQUEST');
  checkRequestForm(block.bytes);
  return new Pkcs10CertificateRequest(block.bytes);
}
