import type { TokenKey } from '@coracle/process/token-keys';
import { compactVerify, decodeJwt, decodeProtectedHeader, errors, type JWTPayload } from 'jose';
import { InvalidCredential } from '../authenticator.ts';

/** Of tokens that may be ours. */
const algorithms = new Set(['RS256', 'ES256', 'ES384', 'ES512']);

/** Verified tokens that are remembered, so that a client's thousandth request costs no signature check. */
const remembered = 4096;

/** JSON web tokens of some issuers, which one of the keys has signed. */
export class SignedTokens<T extends JWTPayload> {
  readonly #issuers: readonly string[];
  readonly #keys: readonly TokenKey[];
  readonly #verified = new Map<string, T>();

  constructor(issuers: readonly string[], keys: readonly TokenKey[]) {
    this.#issuers = issuers;
    this.#keys = keys;
  }

  /** Reads the issuer without trusting it: it only decides who looks at the token. */
  #isOurs(token: string): boolean {
    try {
      const { iss } = decodeJwt(token);
      return iss !== undefined && this.#issuers.includes(iss) && algorithms.has(decodeProtectedHeader(token).alg ?? '');
    } catch {
      return false; // no JSON web token at all
    }
  }

  /** What a token says; undefined: it is of no issuer of ours. Throws InvalidCredential where none of the keys signed it. */
  async read(token: string): Promise<T | undefined> {
    const known = this.#verified.get(token);
    if (known) return known;
    if (!this.#isOurs(token)) return undefined;
    const claims = await this.#verify(token);
    this.#verified.set(token, claims);
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size <= remembered) break;
      this.#verified.delete(oldest);
    }
    return claims;
  }

  async #verify(token: string): Promise<T> {
    const { kid } = decodeProtectedHeader(token);
    const named = this.#keys.filter((key) => key.id === kid);
    for (const { key, algorithm } of named.length > 0 ? named : this.#keys) {
      try {
        const { payload } = await compactVerify(token, key, { algorithms: [algorithm] });
        return JSON.parse(new TextDecoder().decode(payload)) as T;
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
      }
    }
    throw new InvalidCredential('go-jose/go-jose: error in cryptographic primitive');
  }
}
