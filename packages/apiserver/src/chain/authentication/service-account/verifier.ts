import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { serviceAccountGroups, serviceAccountUsername } from '../../user.ts';
import { type Authenticated, InvalidCredential, type TokenAuthenticator } from '../authenticator.ts';
import { type Claims, type PrivateClaims, privateClaims, type Ref } from './claims.ts';
import type { TokenKey } from './keys.ts';

/** What a token's claims are checked against: whether the objects it is bound to are still there, the very same ones. */
export interface LiveObjects {
  /** Whether the object exists with this uid, and was not deleted more than a minute ago. */
  alive(kind: 'serviceaccount' | 'pod' | 'secret' | 'node', ref: Ref, namespace: string): Promise<boolean>;
}

/** Verified tokens that are remembered, so that a client's thousandth request costs no signature check. */
const remembered = 4096;

/**
 * Users by service account token (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). A token is
 * good when one of the keys signed it for one of the issuers, it has not expired, was made for one of the audiences asked for, and
 * everything it is bound to is alive. Tokens of other issuers are left to other authenticators.
 */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #issuers: readonly string[];
  readonly #keys: readonly TokenKey[];
  readonly #live: LiveObjects;
  readonly #observe: ((isStale: boolean) => void) | undefined;
  readonly #verified = new Map<string, Claims>();

  /** `observe` is told of each good token, and whether it is one that should have been renewed by now. */
  constructor(options: {
    issuers: readonly string[];
    keys: readonly TokenKey[];
    live: LiveObjects;
    observe?: (isStale: boolean) => void;
  }) {
    this.#observe = options.observe;
    this.#issuers = options.issuers;
    this.#keys = options.keys;
    this.#live = options.live;
  }

  async authenticateToken(token: string, wanted: readonly string[]): Promise<Authenticated | undefined> {
    if (!this.#isOurs(token)) return undefined;
    const claims = await this.#claims(token);
    const now = Date.now() / 1000;
    if (claims.exp === undefined || claims.exp < now) throw new InvalidCredential('service account token has expired');
    const carried = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
    const audiences = wanted.filter((audience) => carried.includes(audience));
    if (audiences.length === 0) {
      throw new InvalidCredential(
        `token audiences ${JSON.stringify(carried)} is invalid for the target audiences ${JSON.stringify(wanted)}`,
      );
    }
    const bound = privateClaims(claims);
    if (!bound) throw new InvalidCredential('service account token claims are incomplete');
    if (claims.sub !== serviceAccountUsername(bound.namespace, bound.serviceaccount.name)) {
      throw new InvalidCredential('sub claim is invalid');
    }
    await this.#checkAlive(bound);
    this.#observe?.(bound.warnafter !== undefined && bound.warnafter < now);
    return { user: userOf(bound, claims.jti), audiences };
  }

  /** Reads the issuer without trusting it: it only decides who looks at the token. */
  #isOurs(token: string): boolean {
    if (this.#verified.has(token)) return true;
    try {
      const { iss } = decodeJwt(token);
      return iss !== undefined && this.#issuers.includes(iss);
    } catch {
      return false; // no JSON web token at all
    }
  }

  async #claims(token: string): Promise<Claims> {
    const known = this.#verified.get(token);
    if (known) return known;
    const claims = await this.#verify(token);
    this.#verified.set(token, claims);
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size <= remembered) break;
      this.#verified.delete(oldest);
    }
    return claims;
  }

  async #verify(token: string): Promise<Claims> {
    const { kid } = decodeProtectedHeader(token);
    const named = this.#keys.filter((key) => key.id === kid);
    for (const { key, algorithm } of named.length > 0 ? named : this.#keys) {
      try {
        const verified = await jwtVerify(token, key, { algorithms: [algorithm], issuer: [...this.#issuers] });
        return verified.payload as Claims;
      } catch (error) {
        if (error instanceof errors.JWTExpired) throw new InvalidCredential('service account token has expired');
        if (error instanceof errors.JWTClaimValidationFailed) throw new InvalidCredential(error.message);
        if (!(error instanceof errors.JOSEError)) throw error;
      }
    }
    throw new InvalidCredential('the signature of the service account token is of none of our keys');
  }

  async #checkAlive(bound: PrivateClaims): Promise<void> {
    const { namespace, serviceaccount, pod, secret, node } = bound;
    if (!(await this.#live.alive('serviceaccount', serviceaccount, namespace))) {
      throw new InvalidCredential('service account token has been invalidated: its service account is gone');
    }
    if (secret && !(await this.#live.alive('secret', secret, namespace))) {
      throw new InvalidCredential('service account token has been invalidated: its secret is gone');
    }
    if (pod && !(await this.#live.alive('pod', pod, namespace))) {
      throw new InvalidCredential('service account token has been invalidated: its pod is gone');
    }
    // A pod's token names the pod's node for others to see; only a token bound to the node itself falls with it.
    if (node && !pod && !(await this.#live.alive('node', node, ''))) {
      throw new InvalidCredential('service account token has been invalidated: its node is gone');
    }
  }
}

function userOf(
  { namespace, serviceaccount, pod, node }: PrivateClaims,
  id: string | undefined,
): Authenticated['user'] {
  const at = 'authentication.kubernetes.io';
  return {
    name: serviceAccountUsername(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    extra: {
      ...(id ? { [`${at}/credential-id`]: [`JTI=${id}`] } : {}),
      ...(node ? { [`${at}/node-name`]: [node.name], [`${at}/node-uid`]: [node.uid] } : {}),
      ...(pod ? { [`${at}/pod-name`]: [pod.name], [`${at}/pod-uid`]: [pod.uid] } : {}),
    },
  };
}
