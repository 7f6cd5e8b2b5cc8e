import { type WebSocket, WebSocketServer } from 'ws';
import type { RequestContext } from '../chain/link.ts';
import { detach, upgradeOf } from './upgrade.ts';

/** Bytes waiting to be sent to a client, above which no more are made for it. */
export const highWater = 1 << 20;
export const normalClosure = 1000;

/** Whether a request is to become a WebSocket. */
export const isWebSocket = ({ req, upgrade }: RequestContext): boolean =>
  upgrade !== undefined && req.headers.upgrade?.toLowerCase() === 'websocket';

/** Completes the handshake of a WebSocket with one subprotocol, which the client has offered, or with none. */
export function acceptWebSocket(context: RequestContext, protocol = ''): Promise<WebSocket> {
  const { socket, head } = upgradeOf(context);
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  // Kubernetes has a subprotocol with a slash in its name, which is no token of HTTP's: the library must not read it.
  delete context.req.headers['sec-websocket-protocol'];
  if (protocol !== '') server.on('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  detach(context, socket);
  return new Promise((resolve, reject) => {
    const refused = () => reject(new Error('the WebSocket handshake failed'));
    socket.once('close', refused); // a malformed handshake is answered, and the connection closed, by the library
    server.handleUpgrade(context.req, socket, head, (client) => {
      socket.off('close', refused);
      resolve(client);
    });
  });
}

/** What a message is made of: bytes as they are, or a text. */
export type Message = Buffer | string;

/** A WebSocket that something is written to as to an answer; what the client says is not listened to. */
export class WebSocketOutput {
  readonly #client: WebSocket;
  readonly #messages: (bytes: Buffer) => Iterable<Message>;
  readonly #gone = new AbortController();
  #waiting: (() => void)[] = [];

  /** `messages` says what is sent of what is written. */
  constructor(client: WebSocket, messages: (bytes: Buffer) => Iterable<Message>) {
    this.#client = client;
    this.#messages = messages;
    client.on('error', () => client.terminate()); // a client that breaks the protocol is let go
    client.once('close', () => this.#gone.abort());
  }

  /** Aborts when the connection is closed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** False: the client does not read as fast; `drain` follows. */
  write(bytes: Buffer): boolean {
    for (const message of this.#messages(bytes)) this.#client.send(message, () => this.#sent());
    return this.#client.bufferedAmount <= highWater;
  }

  once(_event: 'drain', callback: () => void): void {
    this.#waiting.push(callback);
  }

  end(bytes?: Buffer): void {
    if (bytes) this.write(bytes);
    this.#client.close(normalClosure);
  }

  #sent(): void {
    if (this.#client.bufferedAmount > highWater) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each();
  }
}
