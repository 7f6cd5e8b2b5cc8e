import { request } from 'node:https';
import { isObject } from '@coracle/api/meta/object';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

const timeout = 30_000;
const answerLimit = 1 << 20;

/** Where an issuer of tokens publishes its keys, and who vouches for that place. */
export interface IssuerOptions {
  readonly url: string;
  /** Where its configuration is, if not below `url`. */
  readonly discoveryUrl?: string;
  /** PEM; without it, the authorities the runtime trusts. */
  readonly ca?: string;
  /** The least time (ms) between two readings of its keys; by default a second. */
  readonly pause?: number;
}

/**
 * The keys of an OpenID Connect issuer: found by its discovery document when first needed, and read again when a token names one that is not
 * known, as after a rotation.
 */
export class Issuer {
  readonly #options: IssuerOptions;
  #keysUrl: string | undefined;
  #keys: JWTVerifyGetKey | undefined;
  #reading: Promise<JWTVerifyGetKey> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: IssuerOptions) {
    this.#options = options;
  }

  /** The key a token is to be checked with. Throws a JOSEError when there is none, an Error when the issuer cannot be asked. */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    const known = this.#keys ?? (await this.#read());
    try {
      return await known(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayReadAgain()) throw error;
      return (await this.#read())(header, token);
    }
  };

  #mayReadAgain(): boolean {
    return this.#reading !== undefined || performance.now() - this.#readAt >= (this.#options.pause ?? 1000);
  }

  #read(): Promise<JWTVerifyGetKey> {
    this.#reading ??= this.#fetchKeys().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #fetchKeys(): Promise<JWTVerifyGetKey> {
    this.#readAt = performance.now();
    this.#keysUrl ??= await this.#discover();
    const keys = (await this.#get(this.#keysUrl)) as unknown as JSONWebKeySet;
    this.#keys = createLocalJWKSet(keys);
    return this.#keys;
  }

  async #discover(): Promise<string> {
    const { url, discoveryUrl } = this.#options;
    const place = discoveryUrl || `${url.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { issuer, jwks_uri: keysUrl } = await this.#get(place);
    if (issuer !== url) {
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(url)} got ${JSON.stringify(issuer)}`,
      );
    }
    if (typeof keysUrl !== 'string' || !keysUrl.startsWith('https://'))
      throw new Error(`oidc: no jwks_uri at ${place}`);
    return keysUrl;
  }

  #get(url: string): Promise<Record<string, unknown>> {
    const { ca } = this.#options;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        {
          ...(ca ? { ca } : {}),
          agent: false,
          signal: AbortSignal.timeout(timeout),
          headers: { accept: 'application/json' },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let size = 0;
          incoming.on('data', (chunk: Buffer) => {
            size += chunk.length;
            chunks.push(chunk);
            if (size > answerLimit) incoming.destroy(new Error(`${url} answers with more than ${answerLimit} bytes`));
          });
          incoming.on('error', reject);
          incoming.on('end', () => {
            if (incoming.statusCode !== 200) return reject(new Error(`${url} answers ${incoming.statusCode}`));
            try {
              const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
              if (!isObject(value)) throw new Error('no object');
              resolve(value);
            } catch (error) {
              reject(new Error(`${url} answers with something else than JSON: ${(error as Error).message}`));
            }
          });
        },
      );
      outgoing.on('error', (error) => reject(new Error(`Get ${JSON.stringify(url)}: ${error.message}`)));
      outgoing.end();
    });
  }
}
