import type { JWTPayload } from 'jose';

/** An object a token names: its name, and the uid that tells it from a later one of the same name. */
export interface Ref {
  readonly name: string;
  readonly uid: string;
}

/** The node of a pod, which may not be there. */
export type NodeRef = Omit<Ref, 'uid'> & Partial<Ref>;

/** The private claims of a token, under `kubernetes.io`. */
export interface PrivateClaims {
  readonly namespace: string;
  readonly serviceaccount: Ref;
  readonly pod?: Ref;
  readonly secret?: Ref;
  readonly node?: NodeRef;
  /** After this time (seconds since 1970) the token is used longer than the client asked for. */
  readonly warnafter?: number;
}

/** What a token says. */
export type Claims = JWTPayload & { 'kubernetes.io'?: PrivateClaims };

/** Clients that asked for this lifetime get a token that lives a year, and are warned of when they use it beyond (KEP-1205). */
export const warnOnlyExpiration = 60 * 60 + 7;
export const extendedExpiration = 24 * 365 * 60 * 60;

/** What a new token is to say. Times in seconds since 1970. */
export interface ClaimWishes {
  readonly issuer: string;
  readonly id: string;
  readonly namespace: string;
  readonly serviceAccount: Ref;
  readonly pod?: Ref;
  readonly secret?: Ref;
  readonly node?: NodeRef;
  readonly audiences: readonly string[];
  readonly now: number;
  readonly expirationSeconds: number;
  /** Seconds after which use of the token is remarked; 0 for none. */
  readonly warnAfterSeconds: number;
}

/** The claims of a token bound to a service account and perhaps to a pod, secret or node. */
export function claimsOf(wishes: ClaimWishes): Claims {
  const { namespace, serviceAccount, pod, secret, node, now } = wishes;
  return {
    aud: [...wishes.audiences],
    exp: now + wishes.expirationSeconds,
    iat: now,
    iss: wishes.issuer,
    jti: wishes.id,
    'kubernetes.io': {
      namespace,
      ...(node ? { node } : {}),
      ...(pod ? { pod } : {}),
      ...(secret ? { secret } : {}),
      serviceaccount: serviceAccount,
      ...(wishes.warnAfterSeconds > 0 ? { warnafter: now + wishes.warnAfterSeconds } : {}),
    },
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
  };
}

/** The private claims of a decoded token, when they are whole. */
export function privateClaims(claims: Claims): PrivateClaims | undefined {
  const it = claims['kubernetes.io'];
  if (typeof it !== 'object' || it === null) return undefined;
  const isRef = (ref: Ref | undefined) =>
    ref === undefined || (typeof ref.name === 'string' && typeof ref.uid === 'string');
  const isNode = it.node === undefined || isRef({ uid: '', ...it.node });
  const whole =
    typeof it.namespace === 'string' &&
    it.serviceaccount &&
    [it.serviceaccount, it.pod, it.secret].every(isRef) &&
    isNode;
  return whole ? it : undefined;
}
