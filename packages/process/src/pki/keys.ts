import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';

/** The kinds of keys we make: ECDSA on P-256 (fast to make and to sign with) or RSA with 2048 bits (what every JWT reader knows). */
export type KeyAlgorithm = 'ec-p256' | 'rsa-2048';

const generate = promisify(generateKeyPair);

/** Makes a private key, as PKCS#8 in PEM. */
export async function generateKey(algorithm: KeyAlgorithm = 'ec-p256'): Promise<string> {
  const { privateKey } =
    algorithm === 'ec-p256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: 2048, publicExponent: 0x10001 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The public half (SPKI, PEM) of a private key or certificate in any PEM form that OpenSSL reads. Throws on what is neither. */
export function publicKeyOf(pem: string): string {
  return createPublicKey(pem).export({ format: 'pem', type: 'spki' }).toString();
}

/** Makes the key pair that signs (`--service-account-signing-key-file`) and checks (`--service-account-key-file`) tokens. */
export async function makeServiceAccountKeys(
  algorithm: KeyAlgorithm = 'rsa-2048',
): Promise<{ privateKey: string; publicKey: string }> {
  const privateKey = await generateKey(algorithm);
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

/** A private key ready to sign certificates and requests with, and the public key beside it. */
export interface SigningKeys {
  keys: webcrypto.CryptoKeyPair;
  signingAlgorithm: { name: string; hash: string };
  /** Only RSA keys encipher keys; the usage is left out of certificates of the others. */
  rsa: boolean;
}

/** Reads a private key (PKCS#8, SEC1 or PKCS#1 in PEM). Throws when it is neither RSA nor ECDSA on a NIST curve. */
export async function signingKeysOf(privateKeyPem: string): Promise<SigningKeys> {
  const privateKey = createPrivateKey(privateKeyPem);
  const algorithm = algorithmOf(privateKey);
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const [priv, pub] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm.import, true, ['sign']),
    webcrypto.subtle.importKey('spki', spki, algorithm.import, true, ['verify']),
  ]);
  return { keys: { privateKey: priv, publicKey: pub }, signingAlgorithm: algorithm.sign, rsa: algorithm.rsa };
}

const curves: Record<string, { namedCurve: string; hash: string }> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

interface Algorithm {
  import: { name: string; hash: string; namedCurve: string };
  sign: { name: string; hash: string };
  rsa: boolean;
}

/** How WebCrypto names the algorithm of a key. It ignores the members that do not belong to the algorithm. */
export function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === 'rsa') {
    const name = 'RSASSA-PKCS1-v1_5';
    return { import: { name, hash: 'SHA-256', namedCurve: '' }, sign: { name, hash: 'SHA-256' }, rsa: true };
  }
  const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && curve) {
    return { import: { name: 'ECDSA', ...curve }, sign: { name: 'ECDSA', hash: curve.hash }, rsa: false };
  }
  throw new Error(
    `private key type ${key.asymmetricKeyType ?? 'unknown'} is neither RSA nor ECDSA on P-256, P-384 or P-521`,
  );
}
