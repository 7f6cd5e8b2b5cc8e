import type { JWTPayload } from 'jose';
import { InvalidCredential } from '../authenticator.ts';

/** A claim that is taken over, with what is put before each of its values. */
export interface MappedClaim {
  readonly claim: string;
  readonly prefix: string;
}

/** The name of the user, from a claim. Throws InvalidCredential. */
export function usernameByClaim({ claim, prefix }: MappedClaim): (claims: JWTPayload) => string {
  const read = textByClaim(claim, 'username');
  return (claims) => {
    const name = read(claims);
    // An address that its owner has not confirmed may be somebody else's.
    if (claim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true) {
      throw new InvalidCredential('oidc: email not verified');
    }
    return prefix + name;
  };
}

/** A text, from a claim. Throws InvalidCredential. */
export function textByClaim(claim: string, what: string): (claims: JWTPayload) => string {
  return (claims) => {
    const value = claims[claim];
    if (typeof value === 'string') return value;
    const problem = value === undefined ? 'claim not present' : 'claim is not a string';
    throw new InvalidCredential(`oidc: parse ${what} claims ${JSON.stringify(claim)}: ${problem}`);
  };
}

/** The groups of the user, from a claim that holds one or a list of them, or is not there. Throws InvalidCredential. */
export function groupsByClaim({ claim, prefix }: MappedClaim): (claims: JWTPayload) => string[] {
  return (claims) => {
    const value = claims[claim];
    if (value === undefined) return [];
    const groups: unknown[] = Array.isArray(value) ? value : [value];
    if (!groups.every((each) => typeof each === 'string')) {
      const why = 'json: cannot unmarshal value into []string';
      throw new InvalidCredential(`oidc: parse groups claim ${JSON.stringify(claim)}: ${why}`);
    }
    return groups.map((each) => prefix + String(each));
  };
}

/** A claim that must be there with a value. Throws InvalidCredential. */
export function requiredClaim(claim: string, wanted: string): (claims: JWTPayload) => void {
  return (claims) => {
    const value = claims[claim];
    if (value === undefined) throw new InvalidCredential(`oidc: required claim ${claim} not present in ID token`);
    if (typeof value !== 'string') throw new InvalidCredential(`oidc: parse claim ${claim}: claim is not a string`);
    if (value === wanted) return;
    throw new InvalidCredential(`oidc: required claim ${claim} value does not match. Got = ${value}, want = ${wanted}`);
  };
}
