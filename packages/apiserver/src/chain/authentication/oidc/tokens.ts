import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { UserInfo } from '../../link.ts';
import { type Authenticated, InvalidCredential, type TokenAuthenticator } from '../authenticator.ts';
import type { Issuer } from './issuer.ts';

/** How the tokens of one issuer become users; the part of an AuthenticationConfiguration that is one `jwt`. What is called throws InvalidCredential. */
export interface JwtAuthenticatorOptions {
  readonly issuerUrl: string;
  readonly issuer: Pick<Issuer, 'keyOf'>;
  /** A token is to name one of them. */
  readonly audiences: readonly string[];
  /** `RS256` and so on. */
  readonly algorithms: readonly string[];
  readonly username: (claims: JWTPayload) => string;
  readonly groups: (claims: JWTPayload) => string[];
  readonly uid: (claims: JWTPayload) => string;
  /** What more there is to say of users, by key. */
  readonly extra: Readonly<Record<string, (claims: JWTPayload) => string[]>>;
  /** What tokens must meet, and the users made of them. */
  readonly claimRules: readonly ((claims: JWTPayload) => void)[];
  readonly userRules: readonly ((user: UserInfo) => void)[];
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
      const name = options.username(claims);
      const groups = options.groups(claims);
      for (const check of options.claimRules) check(claims);
      const extra: Record<string, string[]> = {};
      for (const [key, valuesOf] of Object.entries(options.extra)) {
        const values = valuesOf(claims);
        if (values.length > 0) extra[key] = values;
      }
      const user: UserInfo = { name, uid: options.uid(claims), groups, extra };
      for (const check of options.userRules) check(user);
      return { user, ...(wanted.length > 0 ? { audiences: wanted } : {}) };
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
