import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

/** A key that signs or checks tokens, with what a token's header says about it. */
export interface TokenKey {
  readonly key: KeyObject;
  /** `RS256`, `ES256`, `ES384` or `ES512`. */
  readonly algorithm: string;
  /** The digest of the public key, which the key set at /openid/v1/jwks publishes it under. */
  readonly id: string;
}

/** Reads `--service-account-signing-key-file`. */
export function signingKey(pem: string): TokenKey {
  const key = createPrivateKey(pem);
  return { key, ...describe(createPublicKey(pem)) };
}

/** Reads `--service-account-key-file`: public keys, certificates or private keys in PEM. Throws when there is none. */
export function verificationKeys(pem: string): TokenKey[] {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  const keys = blocks
    .filter((block) => !block.startsWith('-----BEGIN EC PARAMETERS-----'))
    .map((block) => createPublicKey(block));
  if (keys.length === 0) throw new Error('data does not contain any valid RSA or ECDSA public keys');
  return keys.map((key) => ({ key, ...describe(key) }));
}

/** The token (compact JWS) that says these claims, signed with a private key. */
export function signToken(claims: object, { key, algorithm, id }: TokenKey): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encoded({ alg: algorithm, kid: id })}.${encoded(claims)}`;
  const digest = `sha${algorithm.slice(2)}`;
  const signature = sign(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

function describe(key: KeyObject): { algorithm: string; id: string } {
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'RS256' : curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (!algorithm) throw new Error('key is neither RSA nor ECDSA on P-256, P-384 or P-521');
  const id = createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('base64url');
  return { algorithm, id };
}

/** The key set relying parties check tokens with (`/openid/v1/jwks`). */
export function keySet(keys: readonly TokenKey[]): { keys: object[] } {
  return {
    keys: keys.map(({ key, algorithm, id }) => ({
      use: 'sig',
      kid: id,
      alg: algorithm,
      ...(key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' }),
    })),
  };
}
