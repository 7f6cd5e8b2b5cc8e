import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { type Connection, streamError } from './connection.ts';
import { EtcdError, statusCode } from './error.ts';
import { Decoder, type Encoder } from './wire.ts';

/** gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): each message follows on a flag and its length. */
const prefixLength = 5;

const headersOf = (method: string, more: Record<string, string>): Record<string, string> => ({
  ':method': 'POST',
  ':path': `/etcdserverpb.${method}`,
  'content-type': 'application/grpc',
  te: 'trailers',
  ...more,
});

function framed(message: Encoder): Buffer {
  const prefix = Buffer.alloc(prefixLength);
  prefix.writeUInt32BE(message.length, 1);
  return message.finish(prefix);
}

/** Calls a method with one message; resolves to the one it answers, in the parts it came in. `deadline` is in milliseconds since 1970. Rejects with EtcdError. */
export async function unary(
  connection: Connection,
  method: string,
  message: Encoder,
  deadline: number,
): Promise<Decoder> {
  const left = Math.max(1, deadline - Date.now());
  const stream = await connection.open(headersOf(method, { 'grpc-timeout': `${left}m` }));
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let status: IncomingHttpHeaders | undefined;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stream.close();
    }, left);
    follow(stream, {
      part: (part) => parts.push(part),
      status: (headers) => {
        status = headers;
      },
      closed(error) {
        clearTimeout(timer);
        const problem = late
          ? new EtcdError(statusCode.deadlineExceeded, `no answer within ${left} ms`)
          : problemOf(stream, status, error);
        const [first, ...more] = withPrefix(parts);
        if (problem) reject(problem);
        else if (first?.[0] !== 0) reject(new EtcdError(statusCode.internal, 'no message'));
        else resolve(new Decoder(first, prefixLength, first.length, more));
      },
    });
    stream.end(framed(message));
  });
}

/** The same parts, the first of which is as long as a prefix; none, where there are too few bytes. */
function withPrefix(parts: Buffer[]): Buffer[] {
  if (parts.length === 0 || parts[0]!.length >= prefixLength) return parts;
  const all = Buffer.concat(parts);
  return all.length < prefixLength ? [] : [all];
}

/** What one is told of a call that goes on. */
export interface Listener {
  message(message: Buffer): void;
  /** Once, and nothing after it; without an error when the member ended the call in order. */
  ended(error: EtcdError | undefined): void;
}

/** A call that goes on in both directions. */
export interface Duplex {
  /** Ends it; the listener hears no more. */
  cancel(): void;
}

/**
 * Starts a call that goes on: sends a message, and tells the listener of the messages that come. `hasleader` has the member end it when it has
 * lost its leader, so that nobody waits at one that is cut off.
 */
export function duplex(connection: Connection, method: string, message: Encoder, listener: Listener): Duplex {
  let open: ClientHttp2Stream | undefined;
  let over = false;
  const end = (error: EtcdError | undefined): void => {
    if (over) return;
    over = true;
    listener.ended(error);
  };
  connection.open(headersOf(method, { hasleader: 'true' })).then(
    (stream) => {
      if (over) {
        stream.close();
        return;
      }
      open = stream;
      const messages = new Messages((each) => {
        if (!over) listener.message(each);
      });
      let status: IncomingHttpHeaders | undefined;
      follow(stream, {
        part: (part) => messages.add(part),
        status: (headers) => {
          status = headers;
        },
        closed: (error) => end(problemOf(stream, status, error)),
      });
      stream.write(framed(message));
    },
    (error) => end(error as EtcdError),
  );
  return {
    cancel() {
      over = true;
      open?.close();
    },
  };
}

function follow(
  stream: ClientHttp2Stream,
  told: {
    part(part: Buffer): void;
    status(headers: IncomingHttpHeaders): void;
    closed(error: Error | undefined): void;
  },
): void {
  let failure: Error | undefined;
  stream.on('response', (headers) => {
    if (headers['grpc-status'] !== undefined) told.status(headers);
    else if (headers[':status'] !== 200) failure = new Error(`HTTP status ${headers[':status']}`);
  });
  stream.on('trailers', (headers) => told.status(headers));
  stream.on('data', (part: Buffer) => told.part(part));
  stream.on('error', (error) => {
    failure = error;
  });
  stream.once('close', () => told.closed(failure));
}

/** What was wrong with a call that is over. */
function problemOf(
  stream: ClientHttp2Stream,
  status: IncomingHttpHeaders | undefined,
  error: Error | undefined,
): EtcdError | undefined {
  const code = status?.['grpc-status'];
  if (code === undefined) return streamError(stream, error);
  if (code === '0') return undefined;
  return new EtcdError(Number(code), unescaped(String(status?.['grpc-message'] ?? '')));
}

/** gRPC writes what is not ASCII, and `%`, as in URLs; what is not so written is to be shown as it is. */
function unescaped(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

/** Cuts a stream of bytes into the messages in it. */
class Messages {
  readonly #found: (message: Buffer) => void;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(found: (message: Buffer) => void) {
    this.#found = found;
  }

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
    for (let needed = this.#needed(); this.#length >= needed; needed = this.#needed()) {
      const all = this.#joined();
      this.#parts = needed < all.length ? [all.subarray(needed)] : [];
      this.#length = all.length - needed;
      this.#found(all.subarray(prefixLength, needed));
    }
  }

  /** How many bytes the next message and its prefix are. */
  #needed(): number {
    if (this.#length < prefixLength) return prefixLength;
    const first = this.#parts[0]!;
    return prefixLength + (first.length >= prefixLength ? first : this.#joined()).readUInt32BE(1);
  }

  #joined(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0]!;
  }
}
