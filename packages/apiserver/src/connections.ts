import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** How long clients may take, in milliseconds. */
export interface ConnectionLimits {
  /** For TLS to be agreed on, for the headers of a request, and for what is left of its body once it is answered. */
  headers: number;
  /** Between the requests of a connection. */
  idle: number;
}

/** What upstream's http.Server has as ReadHeaderTimeout and IdleTimeout. */
export const upstreamLimits: ConnectionLimits = { headers: 32_000, idle: 90_000 };

/** A listener's open connections, so that it can end without waiting for clients that keep theirs for later. */
export class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** How many requests are on their way on an HTTP/1.1 connection. */
  readonly #requests = new WeakMap<Socket, number>();
  /** HTTP/1.1 connections that have had a request. */
  readonly #http1 = new Set<Socket>();
  readonly #limits: ConnectionLimits;
  #ending = false;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#http1.delete(socket);
    });
  }

  addSession(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    this.#endWhenIdle(session);
  }

  /** Ends an HTTP/2 connection that has had no stream for the limit; pings of the client do not count, as upstream. */
  #endWhenIdle(session: ServerHttp2Session): void {
    let streams = 0;
    const timer = setTimeout(() => {
      if (streams === 0) session.close();
    }, this.#limits.idle).unref();
    session.on('stream', (stream) => {
      streams += 1;
      stream.once('close', () => {
        streams -= 1;
        if (streams === 0 && !session.closed) timer.refresh();
      });
    });
    session.once('close', () => clearTimeout(timer));
  }

  /** A request of an HTTP/1.1 connection is being answered, until `res` closes. */
  busy(req: IncomingMessage, res: ServerResponse): void {
    const { socket } = req;
    this.#http1.add(socket);
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    res.once('close', () => {
      const left = (this.#requests.get(socket) ?? 1) - 1;
      this.#requests.set(socket, left);
      if (this.#ending && left === 0) socket.destroySoon();
      else if (!req.complete) this.#endUnlessRead(req);
    });
  }

  /** The request is answered, and its body still comes. */
  #endUnlessRead(req: IncomingMessage): void {
    const { socket } = req;
    const timer = setTimeout(() => socket.destroy(), this.#limits.headers).unref();
    for (const event of ['end', 'close']) req.once(event, () => clearTimeout(timer));
  }

  /** Ends what is idle now, and the rest as soon as its last request is answered. */
  end(): void {
    this.#ending = true;
    for (const session of this.#sessions) session.close();
    for (const socket of this.#http1) if (!this.#requests.get(socket)) socket.destroySoon();
  }

  /** Ends everything. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}
