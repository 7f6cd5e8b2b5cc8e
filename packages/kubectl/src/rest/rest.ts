import type { Readable } from 'node:stream';
import { formatJson } from '@coracle/api/codec/go-json';
import { StatusError } from '@coracle/api/meta/status';
import { type Client, connect, type RawResponse } from '@coracle/client/client';
import type { RestConfig } from '@coracle/client/config';
import type { Query } from '@coracle/client/paths';
import { ConnectionError } from '@coracle/client/transport';
import type { Output } from '../cli/terminal.ts';
import { ConnectionFailure } from './connection-failure.ts';

export interface RestOptions {
  query?: Query;
  /** An object is sent as JSON. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
}

/** Requests as kubectl makes them: warnings go to stderr once each, `-v` logs, failed connections get kubectl's words. */
export class Rest {
  readonly config: RestConfig;
  readonly #client: Client;
  readonly #stderr: Output;
  readonly #verbosity: number;
  readonly #timeoutMs: number;
  readonly #warned = new Set<string>();

  constructor(config: RestConfig, options: { stderr: Output; verbosity: number; timeoutMs: number }) {
    this.config = config;
    this.#stderr = options.stderr;
    this.#verbosity = options.verbosity;
    this.#timeoutMs = options.timeoutMs;
    this.#client = connect(config, { onWarning: (message) => this.#warn(message) });
  }

  /** The client behind it, for streams. */
  get client(): Client {
    return this.#client;
  }

  /** How many different warnings the server sent. */
  get warnings(): number {
    return this.#warned.size;
  }

  /** Any request; throws StatusError for what the server refused and ConnectionFailure when no answer came. */
  async request(method: string, path: string, options: RestOptions = {}): Promise<RawResponse> {
    const { query, body, contentType, accept } = options;
    const encoded = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : formatJson(body);
    if (this.#verbosity >= 8 && encoded !== undefined) this.#log(`Request Body: ${encoded}`);
    const response = await this.#logged(method, path, () =>
      this.#client.request(method, path, {
        query,
        body: encoded,
        headers: {
          ...(accept ? { accept } : {}),
          ...(contentType ? { 'content-type': contentType } : {}),
        },
        signal: this.#limited(options.signal),
      }),
    );
    if (this.#verbosity >= 8) this.#log(`Response Body: ${response.body}`);
    return response;
  }

  /** As `request`, the answer parsed. */
  async json<T>(method: string, path: string, options: RestOptions = {}): Promise<T> {
    return (await this.request(method, path, options)).json() as T;
  }

  /** The body of a GET as it arrives. */
  stream(path: string, options: RestOptions = {}): Promise<Readable> {
    const headers: Record<string, string> = options.accept ? { accept: options.accept } : {};
    return this.#logged('GET', path, () =>
      this.#client.stream(path, { query: options.query, headers, signal: options.signal }),
    );
  }

  close(): void {
    this.#client.close();
  }

  #limited(signal: AbortSignal | undefined): AbortSignal | undefined {
    if (this.#timeoutMs === 0) return signal;
    const limit = AbortSignal.timeout(this.#timeoutMs);
    return signal ? AbortSignal.any([signal, limit]) : limit;
  }

  async #logged<T extends object>(method: string, path: string, send: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const log = (outcome: string): void => {
      if (this.#verbosity < 6) return;
      this.#log(
        `${method} ${this.config.server}${path} ${outcome} in ${Math.round(performance.now() - started)} milliseconds`,
      );
    };
    try {
      const answer = await send();
      log('status' in answer ? String(answer.status) : '200');
      return answer;
    } catch (error) {
      if (error instanceof StatusError) log(String(error.code));
      throw this.explained(error, method, path);
    }
  }

  /** A failed connection in kubectl's words; other errors as they are. */
  explained(error: unknown, method: string, path: string): unknown {
    if (error instanceof ConnectionError) return new ConnectionFailure(this.config.server, error);
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      return new ConnectionFailure(
        this.config.server,
        error,
        `net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers) (${method} ${path})`,
      );
    }
    return error;
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#stderr.write(`Warning: ${message}\n`);
  }

  #log(text: string): void {
    this.#stderr.write(`${new Date().toISOString()} ${text}\n`);
  }
}
