import type { TLSSocket } from 'node:tls';
import type { RequestContext, UserInfo } from '../link.ts';

/** What an authenticator found: who it is, and for which audiences the credential was made (empty where it has none). */
export interface Authenticated {
  readonly user: UserInfo;
  readonly audiences?: readonly string[];
  /** What the audit log is to say of the credential. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** What the client is to be warned of. */
  readonly warnings?: readonly string[];
}

/**
 * Finds out who sends a request. Undefined: the request carries no credential of this kind. Throws when it carries one that is not
 * good, which refuses the request unless another authenticator accepts it.
 */
export interface Authenticator {
  authenticate(
    context: Pick<RequestContext, 'req' | 'warnings'>,
  ): Promise<Authenticated | undefined> | Authenticated | undefined;
}

/** Finds out whose a bearer token is, for one of the audiences; as `Authenticator` for the rest. */
export interface TokenAuthenticator {
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<Authenticated | undefined> | Authenticated | undefined;
}

/** A credential that was recognized and is not good. The client learns only that it is not authorized; the log says more. */
export class InvalidCredential extends Error {
  /** What the audit log is to say of it. */
  readonly annotations: Readonly<Record<string, string>>;

  constructor(message: string, annotations: Readonly<Record<string, string>> = {}) {
    super(message);
    this.annotations = annotations;
  }
}

/** The TLS connection of a request over HTTP/1.1 or HTTP/2; undefined when there is none (plain HTTP in a test). */
export function connectionOf(req: RequestContext['req']): TLSSocket | undefined {
  const stream = (req as { stream?: { session?: { socket?: unknown } } }).stream;
  const socket = (stream?.session?.socket ?? req.socket) as Partial<TLSSocket> | undefined;
  return typeof socket?.getPeerX509Certificate === 'function' ? (socket as TLSSocket) : undefined;
}

/** A list of texts as upstream's messages show it. */
export function quoted(texts: readonly string[]): string {
  return `[${texts.map((each) => JSON.stringify(each)).join(' ')}]`;
}
