import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** A listener's open connections, so that it can end without waiting for clients that keep theirs for later. */
export class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** How many requests are on their way on an HTTP/1.1 connection. */
  readonly #requests = new WeakMap<Socket, number>();
  /** HTTP/1.1 connections that have had a request. */
  readonly #http1 = new Set<Socket>();
  #ending = false;

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
  }

  /** A request of an HTTP/1.1 connection is being answered, until `res` closes. */
  busy(socket: Socket, res: ServerResponse): void {
    this.#http1.add(socket);
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    res.once('close', () => {
      const left = (this.#requests.get(socket) ?? 1) - 1;
      this.#requests.set(socket, left);
      if (this.#ending && left === 0) socket.destroySoon();
    });
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
