import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { parseTime } from '@coracle/api/meta/time';
import type { TokenRequest } from '@coracle/api/types/authentication/v1';
import type { Pod, ServiceAccountTokenProjection } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';

/** Gives pods tokens of their service accounts. */
export interface TokenSource {
  /** A token that is good for a while yet: the last one until 80 % of its life (or a day) has passed, then a new one. */
  token(pod: Pod, wanted: ServiceAccountTokenProjection): Promise<string>;
  /** Forgets the tokens of a pod that is gone. */
  forget(podUid: string): void;
}

interface Held {
  token: string;
  requestedAt: number;
  expiresAt: number;
  jitter: number;
}

const maxAge = 24 * 60 * 60 * 1000;
const maxJitter = 10_000;

/** Whether a token should be replaced: after 80 % of its life, or a day, so that a few failures do no harm. */
export function isStale({ requestedAt, expiresAt, jitter }: Omit<Held, 'token'>, now: number): boolean {
  return now > requestedAt + maxAge - jitter || now > requestedAt + (expiresAt - requestedAt) * 0.8 - jitter;
}

/** Tokens by TokenRequest, bound to the pod. Without an API server there are none, and volumes that need one wait. */
export class ServiceAccountTokens implements TokenSource {
  readonly #client: Client | undefined;
  readonly #now: () => number;
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(client: Client | undefined, now: () => number = Date.now) {
    this.#client = client;
    this.#now = now;
  }

  async token(pod: Pod, wanted: ServiceAccountTokenProjection): Promise<string> {
    if (!this.#client) throw new Error('cannot use a service account token when kubelet is in standalone mode');
    const { uid = '', name = '', namespace = '' } = pod.metadata;
    const account = pod.spec.serviceAccountName || 'default';
    const key = JSON.stringify([account, wanted.audience, wanted.expirationSeconds]);
    const ofPod = this.#held.get(uid) ?? new Map<string, Held>();
    const held = ofPod.get(key);
    if (held && !isStale(held, this.#now())) return held.token;
    try {
      const requestedAt = this.#now();
      const answer = await this.#client.subresource<TokenRequest>(serviceAccount, account, namespace, 'token', 'POST', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          audiences: wanted.audience ? [wanted.audience] : [],
          expirationSeconds: wanted.expirationSeconds ?? 3600,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      });
      const { token = '', expirationTimestamp = '' } = answer.status ?? {};
      ofPod.set(key, {
        token,
        requestedAt,
        expiresAt: parseTime(expirationTimestamp),
        jitter: Math.random() * maxJitter,
      });
      this.#held.set(uid, ofPod);
      return token;
    } catch (error) {
      // The old one still serves until it expires.
      if (held && this.#now() < held.expiresAt) return held.token;
      throw new Error(`failed to fetch token: ${(error as Error).message}`, { cause: error });
    }
  }

  forget(podUid: string): void {
    this.#held.delete(podUid);
  }
}
