import { compactVerify, decodeJwt, decodeProtectedHeader, errors, type JWTPayload } from 'jose';
import type { UserInfo } from '../../link.ts';
import { type Authenticated, InvalidCredential, quoted, type TokenAuthenticator } from '../authenticator.ts';
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

/** What a token may say of its beginning that is yet to come, in milliseconds: the clocks of issuers differ a little. */
const notBeforeLeeway = 300_000;

/**
 * Users by the ID tokens of an OpenID Connect issuer (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#openid-connect-tokens).
 * Tokens of other issuers are left to other authenticators.
 */
export function jwtTokens(options: JwtAuthenticatorOptions): TokenAuthenticator {
  return {
    async authenticateToken(token): Promise<Authenticated | undefined> {
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
      return { user };
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

async function verified(
  token: string,
  { issuer, audiences, algorithms }: JwtAuthenticatorOptions,
): Promise<JWTPayload> {
  const wrong = (why: string) => new InvalidCredential(`oidc: verify token: ${why}`);
  const unverified = decodeJwt(token);
  const now = Date.now();
  const expiry = (unverified.exp ?? 0) * 1000;
  if (expiry < now) throw wrong(`oidc: token is expired (Token Expiry: ${shownTime(expiry)})`);
  const begin = unverified.nbf === undefined ? undefined : unverified.nbf * 1000;
  if (begin !== undefined && now + notBeforeLeeway < begin) {
    throw wrong(`oidc: current time ${shownTime(now)} before the nbf (not before) time: ${shownTime(begin)}`);
  }
  const claims = await signed(token, issuer, algorithms).catch((error: Error) => {
    throw wrong(error.message);
  });
  const named = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
  if (!named.some((each) => audiences.includes(each))) {
    throw wrong(`oidc: expected audience in ${quoted([...audiences].sort())} got ${quoted(named)}`);
  }
  return claims;
}

/** The claims of a token with a good signature; throws what is wrong with it. */
async function signed(
  token: string,
  issuer: Pick<Issuer, 'keyOf'>,
  algorithms: readonly string[],
): Promise<JWTPayload> {
  const { alg = '' } = decodeProtectedHeader(token);
  if (!algorithms.includes(alg)) {
    const expected = `expected ${quoted(algorithms)} got ${JSON.stringify(alg)}`;
    throw new Error(`oidc: id token signed with unsupported algorithm, ${expected}`);
  }
  try {
    const { payload } = await compactVerify(token, issuer.keyOf, { algorithms: [...algorithms] });
    return JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
  } catch (error) {
    const { message } = error as Error;
    const why = error instanceof errors.JOSEError ? 'failed to verify id token signature' : `fetching keys ${message}`;
    throw new Error(`failed to verify signature: ${why}`);
  }
}

/** A moment (ms) as upstream's messages show it. */
function shownTime(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' +0000 UTC');
}
