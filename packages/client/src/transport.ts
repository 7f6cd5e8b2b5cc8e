import type { Readable } from 'node:stream';
import type { RestConfig } from './config.ts';
import { Http1Transport } from './http1.ts';
import { Http2Transport } from './http2.ts';

export interface TransportRequest {
  method: string;
  /** Path with query, from the root. */
  path: string;
  headers: Record<string, string | string[]>;
  body?: string | Buffer;
  /** Ends the request, also while its body is being read. */
  signal?: AbortSignal;
  /** Called when nothing is left to wait for and the request goes out next; what it throws is what `send` rejects with. */
  beforeSend?: () => void;
}

export interface TransportResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable;
}

/** Sends requests to one server. */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>;
  /**
   * New requests go over new connections, made with the credentials that are there then. What still runs over an old one may end within
   * `graceMs`; what does not (a watch) is broken off.
   */
  reconnect(graceMs?: number): void;
  /** Closes idle connections and ends running requests. */
  close(): void;
}

/** How long requests over a connection that is given up may still take, in milliseconds. */
export const defaultGrace = 10_000;

/** The connection broke before an answer came; `unsent` says that the server cannot have acted on the request. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly unsent: boolean;

  constructor(message: string, unsent: boolean, cause?: unknown) {
    super(message, { cause });
    this.unsent = unsent;
  }
}

/**
 * The transport to a server: over TLS HTTP/2 where the server speaks it (one connection carries all watches, which keeps both
 * ends small), else HTTP/1.1 with keep-alive.
 */
export function transportTo(config: RestConfig): Transport {
  const server = new URL(config.server);
  return server.protocol === 'http:' ? new Http1Transport(server, undefined) : new Http2Transport(server, config);
}
