import type { TokenKey } from '@coracle/process/token-keys';
import { SignJWT } from 'jose';
import type { Claims } from './claims.ts';

/** Signs tokens with the key of `--service-account-signing-key-file`. */
export class TokenIssuer {
  /** The issuer the tokens name, the first of `--service-account-issuer`. */
  readonly issuer: string;
  readonly #key: TokenKey;

  constructor(issuer: string, key: TokenKey) {
    this.issuer = issuer;
    this.#key = key;
  }

  /** The token (compact JWS) that says these claims. */
  sign(claims: Claims): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: this.#key.algorithm, kid: this.#key.id }).sign(this.#key.key);
  }
}
