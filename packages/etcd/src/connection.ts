import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { EtcdError, statusCode } from './error.ts';

export interface ConnectionOptions {
  /** `https://10.0.0.1:2379` */
  url: string;
  /** PEM. Without an authority, those the system trusts. */
  ca?: Buffer | undefined;
  cert?: Buffer | undefined;
  key?: Buffer | undefined;
  /** How often (ms) the connection is tested, and how long an answer to that may take. etcd breaks off what is tested more often than every 5 s. */
  keepAlive?: { every: number; patience: number };
}

/** Credit for what the other side may send before it is read: ranges are long, and read at once. */
const streamWindow = 8 << 20;
const connectionWindow = 1 << 30;
/** MB that may be queued for the other side; the default of 10 refuses requests. */
const queueLimit = 1000;
/** How long (ms) it may take until a connection stands. */
const connectLimit = 5_000;

/**
 * One HTTP/2 connection to a member of etcd, made when it is needed and again after it was lost. Calls that are under way when it is lost fail;
 * whether to repeat them is for those above to say.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
  /** How many calls. */
  #underWay = 0;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Opens a stream for a call. Rejects with EtcdError, `unsent`, when no connection comes about. */
  async open(headers: Record<string, string>): Promise<ClientHttp2Stream> {
    const session = this.#usable() ?? (await this.#connect());
    if (!isUsable(session)) throw new EtcdError(statusCode.unavailable, 'the connection was lost', { unsent: true });
    const stream = session.request(headers);
    this.#underWay++;
    stream.once('close', () => this.#underWay--);
    return stream;
  }

  /** The connection there is, unless it is over and its end not told yet: a call on it would fail before anybody listens. */
  #usable(): ClientHttp2Session | undefined {
    return this.#session && isUsable(this.#session) ? this.#session : undefined;
  }

  close(): void {
    this.#closed = true;
    this.#session?.destroy();
    this.#session = undefined;
  }

  #connect(): Promise<ClientHttp2Session> {
    if (this.#closed) throw new EtcdError(statusCode.unavailable, 'the client is closed', { unsent: true });
    this.#connecting ??= this.#establish().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  #establish(): Promise<ClientHttp2Session> {
    const { url, ca, cert, key } = this.#options;
    return new Promise((resolve, reject) => {
      const session = connect(url, {
        ...(ca ? { ca } : {}),
        ...(cert ? { cert } : {}),
        ...(key ? { key } : {}),
        settings: { initialWindowSize: streamWindow, enablePush: false },
        maxSessionMemory: queueLimit,
      });
      const limit = setTimeout(
        () => session.destroy(new Error(`no connection within ${connectLimit} ms`)),
        connectLimit,
      );
      let problem = 'the connection was closed';
      session.once('connect', () => {
        clearTimeout(limit);
        if (this.#closed) {
          session.destroy();
          return;
        }
        session.setLocalWindowSize(connectionWindow);
        this.#session = session;
        this.#test(session);
        resolve(session);
      });
      // Every stream of it hears of the error by itself.
      session.on('error', (error: Error & { code?: string }) => {
        problem = error.message || (error.code ?? 'unknown error');
      });
      // New calls go to a new connection; those under way end on this one.
      session.once('goaway', () => this.#forget(session));
      session.once('close', () => {
        clearTimeout(limit);
        this.#forget(session);
        reject(new EtcdError(statusCode.unavailable, problem, { unsent: true }));
      });
    });
  }

  #forget(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = undefined;
  }

  /** A member that hangs, or is cut off, does not break its connections. etcd breaks off those that are tested while no call is under way. */
  #test(session: ClientHttp2Session): void {
    const { every, patience } = this.#options.keepAlive ?? { every: 6_000, patience: 3_000 };
    let limit: NodeJS.Timeout | undefined;
    const timer = setInterval(() => {
      if (limit !== undefined || session.destroyed || this.#underWay === 0) return;
      limit = setTimeout(() => session.destroy(new Error('the member does not answer')), patience);
      session.ping(() => {
        clearTimeout(limit);
        limit = undefined;
      });
    }, every).unref();
    session.once('close', () => {
      clearInterval(timer);
      clearTimeout(limit);
    });
  }
}

const isUsable = (session: ClientHttp2Session): boolean => !session.destroyed && !session.closed;

/** What a stream's end without a status means. A stream that was refused was not looked at (RFC 9113, 8.7). */
export function streamError(stream: ClientHttp2Stream, error: Error | undefined): EtcdError {
  if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) {
    return new EtcdError(statusCode.unavailable, 'the member refused the request', { unsent: true });
  }
  return new EtcdError(statusCode.unavailable, error?.message ?? 'the connection was lost');
}
