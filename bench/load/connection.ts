import { type ClientHttp2Session, connect } from 'node:http2';
import type { Target } from './target.ts';

/** Windows as large as those of Go's client, so that a long list is not held up by the reader's credit. */
const streamWindow = 4 << 20;
const connectionWindow = 1 << 30;

export interface Answer {
  status: number;
  body: Buffer;
}

/** One HTTP/2 connection to an API server. */
export class Connection {
  readonly #session: ClientHttp2Session;
  readonly #headers: Record<string, string>;

  private constructor(session: ClientHttp2Session, headers: Record<string, string>) {
    this.#session = session;
    this.#headers = headers;
  }

  /** Connects; what the server's certificate says is not looked at: it is our own machine's. */
  static async open({ url, token }: Target): Promise<Connection> {
    const session = connect(url, { rejectUnauthorized: false, settings: { initialWindowSize: streamWindow } });
    await new Promise<void>((resolve, reject) => {
      session.once('connect', () => resolve());
      session.once('error', reject);
    });
    session.setLocalWindowSize(connectionWindow);
    return new Connection(session, {
      accept: 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    });
  }

  /** Sends a request and reads the whole answer. */
  request(method: string, path: string, body?: string, contentType = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request(
        { ':method': method, ':path': path, ...this.#headers, ...(body ? { 'content-type': contentType } : {}) },
        { endStream: body === undefined },
      );
      const parts: Buffer[] = [];
      let status = 0;
      stream.on('response', (headers) => {
        status = headers[':status'] ?? 0;
      });
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => resolve({ status, body: parts.length === 1 ? parts[0]! : Buffer.concat(parts) }));
      stream.on('error', reject);
      if (body !== undefined) stream.end(body);
    });
  }

  /** Opens a watch; resolves once it is answered. `onData` gets its bytes as they come, the returned function ends it. */
  watch(path: string, onData: (part: Buffer) => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({ ':method': 'GET', ':path': path, ...this.#headers });
      stream.on('response', (headers) => {
        if (headers[':status'] === 200) resolve(() => stream.close());
        else reject(new Error(`${path} answered ${headers[':status']}`));
      });
      stream.on('data', onData);
      stream.on('error', reject);
    });
  }

  close(): void {
    this.#session.destroy();
  }
}
