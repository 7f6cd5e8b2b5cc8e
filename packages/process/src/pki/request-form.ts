import { createPublicKey } from 'node:crypto';
import { identifierOf, isMinimal, readDer, type Shape, syntaxError, type Value } from './der.ts';

const algorithm: Shape = {
  is: 'struct',
  name: 'AlgorithmIdentifier',
  fields: [{ is: 'oid' }, { is: 'raw', optional: true }],
};

const publicKeyInfo: Shape = { is: 'struct', name: 'publicKeyInfo', fields: [algorithm, { is: 'bits' }] };

/** A PKCS#10 request, as Go's crypto/x509 has it. */
const certificateRequest: Shape = {
  is: 'struct',
  name: 'certificateRequest',
  fields: [
    {
      is: 'struct',
      name: 'tbsCertificateRequest',
      fields: [{ is: 'integer' }, { is: 'raw' }, publicKeyInfo, { is: 'list', of: { is: 'raw' }, context: 0 }],
    },
    algorithm,
    { is: 'bits' },
  ],
};

const attributeOfName: Shape = { is: 'struct', name: 'AttributeTypeAndValue', fields: [{ is: 'oid' }, { is: 'any' }] };

const distinguishedName: Shape = {
  is: 'list',
  name: 'RDNSequence',
  of: { is: 'set', name: 'RelativeDistinguishedNameSET', of: attributeOfName },
};

const attribute: Shape = {
  is: 'struct',
  name: 'pkcs10Attribute',
  fields: [{ is: 'oid' }, { is: 'set', of: { is: 'raw' } }],
};

const extensions: Shape = {
  is: 'list',
  of: { is: 'struct', name: 'Extension', fields: [{ is: 'oid' }, { is: 'boolean', optional: true }, { is: 'octets' }] },
};

const extensionRequest = '1.2.840.113549.1.9.14';
const subjectAlternativeName = '2.5.29.17';

/** Looks a PKCS#10 request in DER through, all but its signature. Throws what Go's x509.ParseCertificateRequest says is wrong with it. */
export function checkRequestForm(der: Buffer): void {
  const { value, rest } = readDer(certificateRequest, der);
  if (rest.length > 0) throw syntaxError('trailing data');
  const [, subject, key, attributes] = value.parts[0]!.parts as [Value, Value, Value, Value];
  checkKey(key);
  if (readDer(distinguishedName, subject.whole).rest.length > 0)
    throw new Error('x509: trailing data after X.509 Subject');
  for (const names of alternativeNames(attributes.parts)) checkNames(names);
}

/** The values of the extensions with further names; all that are asked for are looked at. */
function alternativeNames(attributes: readonly Value[]): Buffer[] {
  const asked = new Set<string>();
  const found: Buffer[] = [];
  for (const wish of attributes.map(({ whole }) => wishOf(whole)).filter((each) => each !== undefined)) {
    const here = readDer(extensions, wish).value.parts.map(({ parts: [id, , value] }) => ({
      id: identifierOf(id!.content),
      value: value!.content,
    }));
    for (const { id, value } of here) {
      if (asked.has(id)) throw new Error('x509: certificate request contains duplicate requested extensions');
      asked.add(id);
      if (id === subjectAlternativeName) found.push(value);
    }
  }
  return found;
}

/** What an attribute asks for as extensions, if it is about them; one that cannot be read says nothing. */
function wishOf(whole: Buffer): Buffer | undefined {
  try {
    const [id, values] = readDer(attribute, whole).value.parts;
    return identifierOf(id!.content) === extensionRequest ? values!.parts[0]?.whole : undefined;
  } catch {
    return undefined;
  }
}

interface Key {
  /** With its header; empty where there are none. */
  parameters: Buffer;
  bits: Buffer;
  /** The key with its algorithm, as SubjectPublicKeyInfo. */
  whole: Buffer;
}

const curves = ['1.3.132.0.33', '1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35'];

/** What throws where a key is none of its algorithm, by the algorithm's identifier. Others are not looked at. */
const keyChecks: Readonly<Record<string, (key: Key) => void>> = {
  '1.2.840.113549.1.1.1': ({ parameters, bits }) => {
    if (!parameters.equals(Buffer.of(5, 0))) throw new Error('x509: RSA key missing NULL parameters');
    const inner = elementAt(bits);
    if (inner?.tag !== 0x30) throw new Error('x509: invalid RSA public key');
    const modulus = elementAt(inner.content);
    if (modulus?.tag !== 2 || !isMinimal(modulus.content)) throw new Error('x509: invalid RSA modulus');
    const exponent = elementAt(modulus.rest);
    if (exponent?.tag !== 2 || !isMinimal(exponent.content) || exponent.content.length > 8)
      throw new Error('x509: invalid RSA public exponent');
    if (!isPositive(modulus.content)) throw new Error('x509: RSA modulus is not a positive number');
    if (!isPositive(exponent.content)) throw new Error('x509: RSA public exponent is not a positive number');
  },
  '1.2.840.10045.2.1': ({ parameters, whole }) => {
    const curve = elementAt(parameters);
    if (curve?.tag !== 6 || curve.content.length === 0) throw new Error('x509: invalid ECDSA parameters');
    if (!curves.includes(identifierOf(curve.content))) throw new Error('x509: unsupported elliptic curve');
    try {
      createPublicKey({ key: whole, format: 'der', type: 'spki' });
    } catch {
      throw new Error('x509: failed to unmarshal elliptic curve point');
    }
  },
  '1.3.101.112': ({ parameters, bits }) => {
    if (parameters.length > 0) throw new Error('x509: Ed25519 key encoded with illegal parameters');
    if (bits.length !== 32) throw new Error('x509: wrong Ed25519 public key size');
  },
};

function checkKey({ parts: [kind, bits], whole }: Value): void {
  const [id, parameters] = kind!.parts as [Value, Value];
  keyChecks[identifierOf(id.content)]?.({ parameters: parameters.whole, bits: bits!.content.subarray(1), whole });
}

const isPositive = (integer: Buffer): boolean => integer[0]! < 0x80 && integer.some((byte) => byte > 0);

/** What throws where one of the further names is none of its type, by its tag. */
const nameChecks: Readonly<Record<number, (content: Buffer) => void>> = {
  1: ascii('rfc822Name'),
  2: ascii('dNSName'),
  6: ascii('uniformResourceIdentifier'),
  7: ({ length }) => {
    if (length !== 4 && length !== 16) throw new Error(`x509: cannot parse IP address of length ${length}`);
  },
};

function ascii(name: string) {
  return (content: Buffer): void => {
    if (content.some((byte) => byte > 0x7f)) throw new Error(`x509: SAN ${name} is malformed`);
  };
}

function checkNames(extension: Buffer): void {
  const list = elementAt(extension);
  if (list?.tag !== 0x30) throw new Error('x509: invalid subject alternative names');
  for (let { content: left } = list; left.length > 0; ) {
    const name = elementAt(left);
    if (!name) throw new Error('x509: invalid subject alternative name');
    nameChecks[name.tag ^ 0x80]?.(name.content);
    left = name.rest;
  }
}

/** The value at the beginning, with the byte its type is said in; undefined: it is none, or its type takes more than a byte. */
function elementAt(data: Buffer): { tag: number; content: Buffer; rest: Buffer } | undefined {
  const [tag] = data;
  if (tag === undefined || (tag & 0x1f) === 0x1f) return undefined;
  try {
    const { value, rest } = readDer({ is: 'raw' }, data);
    return { tag, content: value.content, rest };
  } catch {
    return undefined;
  }
}
