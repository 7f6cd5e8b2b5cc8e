import { statSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { RestConfig } from './config.ts';
import { tlsMaterial } from './credentials.ts';
import { dialMessage, Http1Transport } from './http1.ts';
import {
  ConnectionError,
  defaultGrace,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts';

/**
 * As upstream's HTTP/2 clients, and quicker: after this long without a byte received the connection is tested, and dropped when no answer comes. What
 * is sent says nothing: a server that hangs takes requests for a long time.
 */
const readIdleMs = 5_000;
const pingTimeoutMs = 5_000;
const lookPeriodMs = 1_000;
/** A connection over which a caller has given up waiting is tested with less patience. */
const suspectTimeoutMs = 2_000;
const dialTimeoutMs = 10_000;
const certificatePeriodMs = 60_000;
const streamWindow = 1 << 20;
/** Shared by all streams: large enough that one slow reader does not hold up the others. */
const sessionWindow = 16 << 20;

/** Requests over one shared HTTP/2 connection, made on first use and again after it broke. */
export class Http2Transport implements Transport {
  readonly #server: URL;
  readonly #config: RestConfig;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session | Http1Transport> | undefined;
  /** Set once the server turned out to speak HTTP/1.1 only. */
  #fallback: Http1Transport | undefined;
  #closed = false;
  #certificateChangedAt = 0;
  #certificateSeenAt = 0;

  constructor(server: URL, config: RestConfig) {
    this.#server = server;
    this.#config = config;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    request.signal?.throwIfAborted();
    const via = await this.#connection();
    request.signal?.throwIfAborted();
    return via instanceof Http1Transport ? via.send(request) : this.#sendOver(via, request);
  }

  reconnect(graceMs = defaultGrace): void {
    if (this.#session) retire(this.#session, graceMs);
    this.#session = undefined;
    this.#fallback?.reconnect();
    // A connection that is being made may have read the credentials of before: it is looked at before its first use.
    this.#certificateSeenAt = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#closed = true;
    this.#fallback?.close();
    this.#session?.destroy();
    this.#session = undefined;
  }

  #connection(): Promise<ClientHttp2Session | Http1Transport> | ClientHttp2Session | Http1Transport {
    if (this.#closed) throw new ConnectionError('client is closed', true);
    if (this.#fallback) return this.#fallback;
    if (this.#hasNewCertificate()) this.reconnect();
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Whether the file of the client certificate was replaced since the connection was made; looked up at most once a minute. */
  #hasNewCertificate(): boolean {
    const { certFile } = this.#config;
    if (!certFile || !this.#session || performance.now() - this.#certificateSeenAt < certificatePeriodMs) return false;
    this.#certificateSeenAt = performance.now();
    return changedAt(certFile) !== this.#certificateChangedAt;
  }

  async #connect(): Promise<ClientHttp2Session | Http1Transport> {
    this.#certificateSeenAt = performance.now();
    this.#certificateChangedAt = this.#config.certFile ? changedAt(this.#config.certFile) : 0;
    const socket = await dial(this.#server, this.#config);
    if (socket.alpnProtocol !== 'h2') {
      socket.destroy();
      this.#fallback = new Http1Transport(this.#server, this.#config);
      return this.#fallback;
    }
    const session = connect(this.#server, {
      createConnection: () => socket,
      settings: { initialWindowSize: streamWindow, enablePush: false },
    });
    session.on('connect', () => session.setLocalWindowSize(sessionWindow));
    // Errors reach each stream; the session's own listener keeps them from being thrown a second time.
    const drop = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('error', drop);
    session.on('close', drop);
    session.on('goaway', drop);
    testWhenIdle(session, socket);
    session.unref();
    if (this.#closed) {
      session.destroy();
      throw new ConnectionError('client is closed', true);
    }
    this.#session = session;
    return session;
  }

  #sendOver(session: ClientHttp2Session, request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      request.beforeSend?.();
      let stream: ClientHttp2Stream;
      try {
        stream = session.request(
          { ':method': request.method, ':path': request.path, ...request.headers },
          { endStream: request.body === undefined },
        );
      } catch (error) {
        return reject(new ConnectionError((error as Error).message, true, error));
      }
      hold(session, stream);
      let answered = false;
      const { signal } = request;
      const begin = performance.now();
      const abort = (): void => {
        if (!answered && performance.now() - begin > suspectTimeoutMs / 2) test(session, suspectTimeoutMs);
        stream.destroy(signal!.reason instanceof Error ? signal!.reason : new Error('aborted'));
      };
      signal?.addEventListener('abort', abort, { once: true });
      stream.once('response', (headers) => {
        answered = true;
        resolve({ status: headers[':status']!, headers: headers as TransportResponse['headers'], body: stream });
      });
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (answered) return; // the reader of the body gets it
        if (signal?.aborted) return reject(signal.reason);
        const unsent = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || error.code === 'ERR_HTTP2_GOAWAY_SESSION';
        reject(new ConnectionError(dialMessage(this.#server, error), unsent, error));
      });
      stream.once('close', () => {
        signal?.removeEventListener('abort', abort);
        if (answered) return;
        if (signal?.aborted) return reject(signal.reason);
        const unsent = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
        reject(new ConnectionError('http2: client connection lost', unsent));
      });
      if (request.body !== undefined) stream.end(request.body);
    });
  }
}

/** Ends a connection once nothing runs over it any more, or when the grace is over. */
function retire(session: ClientHttp2Session, graceMs: number): void {
  session.close();
  const end = setTimeout(() => session.destroy(new Error('http2: client connection lost')), graceMs).unref();
  session.once('close', () => clearTimeout(end));
}

const changedAt = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The connection keeps the process alive only while a request runs over it. */
const running = new WeakMap<ClientHttp2Session, number>();
function hold(session: ClientHttp2Session, stream: ClientHttp2Stream): void {
  const add = (n: number): void => {
    const count = (running.get(session) ?? 0) + n;
    running.set(session, count);
    if (session.destroyed) return;
    if (count === 0) session.unref();
    else if (count === n) session.ref();
  };
  add(1);
  stream.once('close', () => add(-1));
}

/** Tests the connection whenever requests wait and nothing was received for a while. */
function testWhenIdle(session: ClientHttp2Session, socket: TLSSocket): void {
  let received = 0;
  let since = performance.now();
  let lookedAt = since;
  const timer = setInterval(() => {
    const now = performance.now();
    // This process itself stood still: what came meanwhile has yet to be read.
    const late = now - lookedAt > 2 * lookPeriodMs;
    lookedAt = now;
    if (late || socket.bytesRead !== received || !running.get(session)) {
      received = socket.bytesRead;
      since = now;
    } else if (now - since >= readIdleMs) {
      since = now;
      test(session, pingTimeoutMs);
    }
  }, lookPeriodMs);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}

/** Drops the connection unless the other side answers in time. */
function test(session: ClientHttp2Session, timeout: number): void {
  if (session.destroyed) return;
  const lost = setTimeout(() => session.destroy(new Error('http2: client connection lost')), timeout);
  lost.unref();
  const sent = session.ping(() => clearTimeout(lost));
  if (!sent) clearTimeout(lost);
}

function dial(server: URL, config: RestConfig): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = server.hostname.replace(/^\[|\]$/g, '');
    const socket = connectTls({
      host,
      port: Number(server.port || 443),
      ALPNProtocols: ['h2', 'http/1.1'],
      ...(isIP(host) ? {} : { servername: host }),
      ...tlsMaterial(config),
      timeout: dialTimeoutMs,
    });
    const failed = (error: Error): void => {
      socket.destroy();
      reject(new ConnectionError(dialMessage(server, error), true, error));
    };
    socket.once('error', failed);
    socket.once('timeout', () => failed(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
