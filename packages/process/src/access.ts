import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { tokenReview } from '@coracle/api/authentication/v1/tokenreview';
import { subjectAccessReview } from '@coracle/api/authorization/v1/subjectaccessreview';
import { configMap } from '@coracle/api/core/v1/configmap';
import { isForbidden, isNotFound } from '@coracle/api/meta/status';
import type { SubjectAccessReviewSpec } from '@coracle/api/types/authorization/v1';
import type { Client } from '@coracle/client';

/** Who sent a request. */
export interface User {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

export type Attributes = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

export interface DelegatedAccessOptions {
  /** The authority of client certificates; without it the one the API server publishes in kube-system. */
  clientCaFile?: string;
  /** Whether requests without credentials count as system:anonymous. */
  anonymous?: boolean;
  /** How long (ms) answers are kept. */
  tokenTtl?: number;
  allowedTtl?: number;
  deniedTtl?: number;
}

/** Lets the API server decide who a request is from and whether it may (TokenReview, SubjectAccessReview), with short caches. */
export interface DelegatedAccess {
  /** Undefined when the request brings no valid credentials. */
  authenticate(request: IncomingMessage): Promise<User | undefined>;
  authorize(user: User, attributes: Attributes): Promise<boolean>;
}

/** Upstream's delegated authentication and authorization of components, over a client that may create the two reviews. */
export function delegatedAccess(client: Client, options: DelegatedAccessOptions = {}): DelegatedAccess {
  const { tokenTtl = 10_000, allowedTtl = 10_000, deniedTtl = 10_000, anonymous = true } = options;
  const tokens = new TtlCache<User | undefined>();
  const decisions = new TtlCache<boolean>();
  let published: { at: number; pem: string | undefined } | undefined;

  async function authority(): Promise<string | undefined> {
    if (options.clientCaFile) return readFileSync(options.clientCaFile, 'utf8');
    if (published && Date.now() - published.at < 60_000) return published.pem;
    try {
      const map = await client.get(configMap, 'extension-apiserver-authentication', 'kube-system');
      published = { at: Date.now(), pem: map.data?.['client-ca-file'] };
    } catch (error) {
      if (!isNotFound(error) && !isForbidden(error)) throw error;
      published = { at: Date.now(), pem: undefined };
    }
    return published.pem;
  }

  async function byToken(token: string): Promise<User | undefined> {
    const known = tokens.get(token);
    if (known) return known.value;
    const review = await client.create(tokenReview, { metadata: {}, spec: { token } });
    const { authenticated, user } = review.status ?? {};
    const found =
      authenticated && user
        ? { name: user.username ?? '', uid: user.uid, groups: user.groups ?? [], extra: user.extra }
        : undefined;
    tokens.set(token, found, tokenTtl);
    return found;
  }

  return {
    async authenticate(request) {
      const pem = peerCertificate(request) ? await authority() : undefined;
      const known = pem ? certificateUser(request, pem) : undefined;
      if (known) return known;
      const header = request.headers.authorization ?? '';
      const bearer = /^bearer\s+(\S+)\s*$/i.exec(header);
      if (bearer) return byToken(bearer[1]!);
      return anonymous && header === '' ? { name: 'system:anonymous', groups: ['system:unauthenticated'] } : undefined;
    },

    async authorize(user, attributes) {
      if (user.groups.includes('system:masters')) return true;
      const spec = {
        ...attributes,
        user: user.name,
        uid: user.uid,
        groups: [...user.groups],
        extra: user.extra as SubjectAccessReviewSpec['extra'],
      };
      const key = JSON.stringify(spec);
      const known = decisions.get(key);
      if (known) return known.value;
      const review = await client.create(subjectAccessReview, { metadata: {}, spec });
      const allowed = review.status?.allowed === true;
      decisions.set(key, allowed, allowed ? allowedTtl : deniedTtl);
      return allowed;
    },
  };
}

/** The user of a request's client certificate, when one of the authorities in `pem` has signed it. */
export function certificateUser(request: IncomingMessage, pem: string): User | undefined {
  const certificate = peerCertificate(request);
  return certificate && issuedFor(certificate, pem) ? userOf(certificate) : undefined;
}

function peerCertificate(request: IncomingMessage): X509Certificate | undefined {
  const socket = request.socket as TLSSocket;
  return socket.encrypted ? socket.getPeerX509Certificate() : undefined;
}

const clientAuth = '1.3.6.1.5.5.7.3.2';

/** Whether one of the authorities in `pem` signed the certificate for client authentication and it is valid now. */
function issuedFor(certificate: X509Certificate, pem: string): boolean {
  const now = Date.now();
  if (certificate.validFromDate.getTime() > now || certificate.validToDate.getTime() < now) return false;
  if (certificate.keyUsage && !certificate.keyUsage.includes(clientAuth)) return false;
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks
    .map((block) => new X509Certificate(block))
    .some((ca) => ca.ca && certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
}

/** The common name is the user, the organizations are its groups. */
function userOf(certificate: X509Certificate): User {
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[]>;
  const all = (name: string): string[] => [subject[name] ?? []].flat();
  return { name: all('CN')[0] ?? '', groups: [...all('O'), 'system:authenticated'] };
}

/** Remembers values for a time; forgets the oldest beyond its size. */
class TtlCache<V> {
  readonly #entries = new Map<string, { value: V; until: number }>();

  get(key: string): { value: V } | undefined {
    const entry = this.#entries.get(key);
    if (entry && entry.until > Date.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: V, ttl: number): void {
    this.#entries.set(key, { value, until: Date.now() + ttl });
    if (this.#entries.size > 1024) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
