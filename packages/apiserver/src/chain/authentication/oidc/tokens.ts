import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { type Authenticated, InvalidCredential, type TokenAuthenticator } from '../authenticator.ts';
import type { Issuer } from './issuer.ts';

/** A claim that is taken over, with what is put before each of its values. */
export interface MappedClaim {
  readonly claim: string;
  readonly prefix: string;
}

/** How the tokens of one issuer become users; the part of an AuthenticationConfiguration that is one `jwt`, without CEL. */
export interface JwtAuthenticatorOptions {
  readonly issuerUrl: string;
  readonly issuer: Pick<Issuer, 'keyOf'>;
  /** A token is to name one of them. */
  readonly audiences: readonly string[];
  /** `RS256` and so on. */
  readonly algorithms: readonly string[];
  readonly username: MappedClaim;
  readonly groups?: MappedClaim;
  /** Empty: users have no uid. */
  readonly uid?: string;
  /** Claims that a token must have with these values. */
  readonly required: Readonly<Record<string, string>>;
}

/** What a token may say of its beginning that is yet to come, in seconds: the clocks of issuers differ a little. */
const notBeforeLeeway = 300;

/**
 * Users by the ID tokens of an OpenID Connect issuer (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens).
 * Tokens of other issuers are left to other authenticators.
 */
export function jwtTokens(options: JwtAuthenticatorOptions): TokenAuthenticator {
  return {
    async authenticateToken(token, wanted): Promise<Authenticated | undefined> {
      if (issuerOf(token) !== options.issuerUrl) return undefined;
      const claims = await verified(token, options);
      const name = usernameOf(claims, options.username);
      const groups = groupsOf(claims, options.groups);
      checkRequired(claims, options.required);
      const uid = options.uid ? textOf(claims, options.uid, 'uid') : '';
      return { user: { name, uid, groups, extra: {} }, ...(wanted.length > 0 ? { audiences: wanted } : {}) };
    },
  };
}

/** Read without trust: it only decides who looks at the token. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined; // no JSON web token at all
    throw error;
  }
}

async function verified(token: string, options: JwtAuthenticatorOptions): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, options.issuer.keyOf, {
      issuer: options.issuerUrl,
      audience: [...options.audiences],
      algorithms: [...options.algorithms],
      clockTolerance: notBeforeLeeway,
      requiredClaims: ['exp'],
    });
    if (payload.exp! * 1000 <= Date.now()) {
      throw new InvalidCredential(
        `oidc: verify token: oidc: token is expired (Token Expiry: ${new Date(payload.exp! * 1000).toISOString()})`,
      );
    }
    return payload;
  } catch (error) {
    if (error instanceof InvalidCredential) throw error;
    throw new InvalidCredential(`oidc: verify token: ${(error as Error).message}`);
  }
}

function usernameOf(claims: JWTPayload, { claim, prefix }: MappedClaim): string {
  const name = textOf(claims, claim, 'username');
  // An address that its owner has not confirmed may be somebody else's.
  if (claim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true) {
    throw new InvalidCredential('oidc: email not verified');
  }
  return prefix + name;
}

function textOf(claims: JWTPayload, claim: string, what: string): string {
  const value = claims[claim];
  const problem =
    value === undefined ? 'claim not present' : typeof value === 'string' ? undefined : 'claim is not a string';
  if (problem !== undefined)
    throw new InvalidCredential(`oidc: parse ${what} claims ${JSON.stringify(claim)}: ${problem}`);
  return value as string;
}

function groupsOf(claims: JWTPayload, mapped: MappedClaim | undefined): string[] {
  const value = mapped && claims[mapped.claim];
  if (value === undefined) return [];
  const groups: unknown[] = Array.isArray(value) ? value : [value];
  if (!groups.every((each) => typeof each === 'string')) {
    throw new InvalidCredential(
      `oidc: parse groups claim ${JSON.stringify(mapped!.claim)}: json: cannot unmarshal value into []string`,
    );
  }
  return groups.map((each) => mapped!.prefix + String(each));
}

function checkRequired(claims: JWTPayload, required: Readonly<Record<string, string>>): void {
  for (const [claim, wanted] of Object.entries(required)) {
    const value = claims[claim];
    if (value === undefined) throw new InvalidCredential(`oidc: required claim ${claim} not present in ID token`);
    if (typeof value !== 'string') throw new InvalidCredential(`oidc: parse claim ${claim}: claim is not a string`);
    if (value !== wanted) {
      const message = `oidc: required claim ${claim} value does not match. Got = ${value}, want = ${wanted}`;
      throw new InvalidCredential(message);
    }
  }
}
