import type { TokenKey } from '@coracle/process/token-keys';
import { serviceAccountGroups, serviceAccountUsername } from '../../user.ts';
import { type Authenticated, InvalidCredential, quoted, type TokenAuthenticator } from '../authenticator.ts';
import { type Claims, type PrivateClaims, privateClaims, type Ref } from './claims.ts';
import { SignedTokens } from './signed-tokens.ts';

/** What a token's claims are checked against: whether the objects it is bound to are still there, the very same ones. */
export interface LiveObjects {
  /** What became of an object of this name: nothing is as it was but `alive`, which has the uid; `replaced` by one of another uid. */
  stateOf(kind: BoundKind, ref: Ref, namespace: string): Promise<LiveState>;
}

/** What a token can be bound to. */
export type BoundKind = 'serviceaccount' | 'pod' | 'secret' | 'node';

/** `deleted`: for more than a minute, and not yet gone. */
export type LiveState =
  | { readonly is: 'alive' | 'deleted' | 'gone' }
  | { readonly is: 'replaced'; readonly uid: string };

/** How far (seconds) the clock of who made a token may be from ours. */
const leeway = 60;

/**
 * Users by service account token (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). A token is
 * good when one of the keys signed it for one of the issuers, it has not expired, was made for one of the audiences asked for, and
 * everything it is bound to is alive. Tokens of other issuers are left to other authenticators.
 */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #signed: SignedTokens<Claims>;
  readonly #live: LiveObjects;
  readonly #observe: ((isStale: boolean) => void) | undefined;

  /** `observe` is told of each good token that is to be renewed at some time, and whether that time is over. */
  constructor(options: {
    issuers: readonly string[];
    keys: readonly TokenKey[];
    live: LiveObjects;
    observe?: (isStale: boolean) => void;
  }) {
    this.#observe = options.observe;
    this.#signed = new SignedTokens(options.issuers, options.keys);
    this.#live = options.live;
  }

  async authenticateToken(token: string, wanted: readonly string[]): Promise<Authenticated | undefined> {
    const claims = await this.#signed.read(token);
    if (!claims) return undefined;
    const carried = typeof claims.aud === 'string' ? [claims.aud] : (claims.aud ?? []);
    const audiences = wanted.filter((audience) => carried.includes(audience));
    if (audiences.length === 0) {
      throw new InvalidCredential(
        `token audiences ${quoted(carried)} is invalid for the target audiences ${quoted(wanted)}`,
      );
    }
    const now = Date.now() / 1000;
    if (claims.exp === undefined || claims.exp < now - leeway) {
      throw new InvalidCredential('service account token has expired');
    }
    if (claims.nbf !== undefined && claims.nbf > now + leeway) {
      throw new InvalidCredential('service account token is not valid yet');
    }
    const bound = privateClaims(claims);
    if (!bound) throw new InvalidCredential('service account token claims are incomplete');
    if (claims.sub !== serviceAccountUsername(bound.namespace, bound.serviceaccount.name)) {
      throw new InvalidCredential('sub claim is invalid');
    }
    await this.#checkAlive(bound);
    const late = bound.warnafter === undefined ? 0 : now - bound.warnafter;
    if (bound.warnafter !== undefined) this.#observe?.(late > 0);
    const annotations = {
      'authentication.k8s.io/stale-token': `subject: ${claims.sub}, seconds after warning threshold: ${Math.floor(late)}`,
    };
    return { user: userOf(bound, claims.jti), audiences, ...(late > 0 ? { annotations } : {}) };
  }

  async #checkAlive(bound: PrivateClaims): Promise<void> {
    const { namespace, serviceaccount, pod, secret, node } = bound;
    await this.#check('serviceaccount', serviceaccount, namespace);
    if (secret) await this.#check('secret', secret, namespace);
    if (pod) await this.#check('pod', pod, namespace);
    // A pod's token names the pod's node for others to see; only a token bound to the node itself falls with it.
    if (node && !pod) await this.#check('node', { uid: '', ...node }, '');
  }

  async #check(kind: BoundKind, ref: Ref, namespace: string): Promise<void> {
    const state = await this.#live.stateOf(kind, ref, namespace);
    if (state.is === 'alive') return;
    const isAccount = kind === 'serviceaccount';
    if (state.is === 'replaced') {
      const claim = isAccount ? 'claim' : `service account ${kind} ref claim`;
      throw new InvalidCredential(
        `${isAccount ? 'service account' : kind} UID (${state.uid}) does not match ${claim} (${ref.uid})`,
      );
    }
    if (!isAccount) throw new InvalidCredential('service account token has been invalidated');
    throw new InvalidCredential(
      state.is === 'gone'
        ? `serviceaccounts ${JSON.stringify(ref.name)} not found`
        : `service account ${namespace}/${ref.name} has been deleted`,
    );
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
      ...(node ? { [`${at}/node-name`]: [node.name] } : {}),
      ...(node?.uid ? { [`${at}/node-uid`]: [node.uid] } : {}),
      ...(pod ? { [`${at}/pod-name`]: [pod.name], [`${at}/pod-uid`]: [pod.uid] } : {}),
    },
  };
}
