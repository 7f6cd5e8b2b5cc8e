import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { z } from 'zod';
import { fail } from '../failure.ts';
import { authorizationFor } from './authorization.ts';
import { type Credentials, credentialsFor } from './credentials.ts';
import { parseJson } from './json.ts';
import { type Request, send, TransportError, type TransportOptions, wholeBody } from './transport.ts';

/** How registries are reached. */
export interface RegistryOptions {
  /** Without encryption. Names and passwords are then sent to this machine only. */
  plainHttp?: boolean;
  /** A file of certificates (PEM) that the registry's must be signed by. */
  authorityFile?: string;
  /** A file of credentials in Docker's format, instead of the usual one. */
  authFile?: string;
  /** How long the registry may be silent, in milliseconds. */
  silence?: number;
}

/** How often a read is tried when the connection fails or the registry is overloaded. */
const tries = 3;

const errorsShape = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
});

/** A repository of a registry, over the OCI distribution protocol (v1.1). Its methods throw Failure. */
export class Repository {
  /** `localhost:5000/kubelet` */
  readonly name: string;
  readonly #registry: string;
  readonly #base: URL;
  readonly #credentials: Credentials | undefined;
  readonly #transport: TransportOptions & { mayBePlain: boolean };
  #authorization: string | undefined;

  constructor(registry: string, path: string, options: RegistryOptions = {}) {
    this.name = `${registry}/${path}`;
    this.#registry = registry;
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    this.#base = new URL(`${options.plainHttp ? 'http' : 'https'}://${host}/v2/${path}/`);
    this.#credentials = credentialsFor(registry, options.authFile);
    if (this.#credentials && options.plainHttp && !isLoopback(this.#base.hostname)) {
      fail(`there are credentials for ${registry}, which are not sent over a connection without encryption`);
    }
    this.#transport = { mayBePlain: options.plainHttp ?? false, silence: options.silence };
    if (options.authorityFile) this.#transport.authorities = readAuthorities(options.authorityFile);
  }

  /**
   * Sends a request to an address relative to the repository's (`manifests/v1`), as who may do so. The answer has one of the `expected` status
   * codes. Reads are tried again when that may help.
   */
  async request(at: string | URL, request: Request, expected: readonly number[]): Promise<IncomingMessage> {
    const url = new URL(at, this.#base);
    const again = request.method === 'GET' || request.method === 'HEAD';
    for (let tried = 1; ; tried++) {
      try {
        const answer = await this.#authorized(url, request);
        const { statusCode = 0 } = answer;
        if (expected.includes(statusCode)) return answer;
        const overloaded = statusCode === 429 || statusCode >= 500;
        if (!(again && overloaded && tried < tries)) await this.#refused(answer, request, url);
        answer.resume();
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        if (!again || tried === tries) this.unreachable(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** tried));
    }
  }

  /** An address the registry gave, which may be relative to its own. */
  resolve(location: string): URL {
    return new URL(location, this.#base);
  }

  /** Says that the registry cannot be reached, or its answer not be read. */
  unreachable(error: TransportError): never {
    const { code = '' } = (error.cause ?? {}) as NodeJS.ErrnoException;
    const encrypted = !this.#transport.mayBePlain;
    return fail(`the registry ${this.#registry} cannot be used: ${error.message}`, {
      cause: error,
      ...(encrypted && code === 'EPROTO' ? { next: 'Does it speak plain http? Then say --plain-http.' } : {}),
      ...(/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)
        ? { next: "--ca-file names the certificate that the registry's is signed by." }
        : {}),
    });
  }

  async #authorized(url: URL, request: Request): Promise<IncomingMessage> {
    // What the registry points us to elsewhere is none of the business of who we are here.
    const ours = url.origin === this.#base.origin;
    const withAuthorization = (): Request => ({
      ...request,
      headers: { ...request.headers, ...(ours && this.#authorization ? { Authorization: this.#authorization } : {}) },
    });
    const answer = await send(url, withAuthorization(), this.#transport);
    const challenge = answer.headers['www-authenticate'];
    if (answer.statusCode !== 401 || !ours || challenge === undefined) return answer;
    answer.resume();
    this.#authorization = await authorizationFor(this.#registry, challenge, this.#credentials, this.#transport);
    return send(url, withAuthorization(), this.#transport);
  }

  async #refused(answer: IncomingMessage, request: Request, url: URL): Promise<never> {
    const body = await wholeBody(answer, 1 << 20);
    const said = errorsShape
      .safeParse(parseJson(body))
      .data?.errors.map((it) => `${it.code}${it.message ? `: ${it.message}` : ''}`);
    const status = answer.statusCode ?? 0;
    const what = `${request.method} ${url.pathname}`;
    if (status === 401 || status === 403) {
      const who = this.#credentials ? 'with these credentials' : 'without credentials';
      return fail(`${this.#registry} does not allow ${what} ${who}${said ? ` (${said.join('; ')})` : ''}`);
    }
    return fail(`${this.#registry} answers ${status} to ${what}${said ? `: ${said.join('; ')}` : ''}`);
  }
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
