import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { pemBlocks } from '../../meta/pem.ts';

const isKey = (type: string): boolean => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY');

/** What is wrong with a certificate and its key (PEM), in the words of Go's library for TLS; undefined: they belong together. */
export function keyPairProblem(certificate: string, key: string): string | undefined {
  const [inCertificate, inKey] = [pemBlocks(certificate), pemBlocks(key)];
  const leaf = inCertificate.find(({ type }) => type === 'CERTIFICATE');
  if (!leaf) return certificateMissing(inCertificate.map(({ type }) => type));
  const own = inKey.find(({ type }) => isKey(type));
  if (!own) return keyMissing(inKey.map(({ type }) => type));
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(leaf.pem);
  } catch {
    return 'x509: malformed certificate';
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(own.pem);
  } catch {
    return 'tls: failed to parse private key';
  }
  if (parsed.publicKey.asymmetricKeyType !== privateKey.asymmetricKeyType)
    return 'tls: private key type does not match public key type';
  return parsed.checkPrivateKey(privateKey) ? undefined : 'tls: private key does not match public key';
}

function certificateMissing(others: readonly string[]): string {
  if (others.length === 0) return 'tls: failed to find any PEM data in certificate input';
  if (others.length === 1 && others[0]!.endsWith('PRIVATE KEY'))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${others.join(' ')}]`;
}

function keyMissing(others: readonly string[]): string {
  if (others.length === 0) return 'tls: failed to find any PEM data in key input';
  if (others.length === 1 && others[0] === 'CERTIFICATE')
    return 'tls: found a certificate rather than a key in the PEM for the private key';
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${others.join(' ')}]`;
}
