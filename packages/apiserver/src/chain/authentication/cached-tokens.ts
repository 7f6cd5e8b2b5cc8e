import { createHash } from 'node:crypto';
import { TtlCache } from '../ttl-cache.ts';
import { type Authenticated, InvalidCredential, type TokenAuthenticator } from './authenticator.ts';

/** How long answers are kept, in milliseconds; 0: not at all. */
export interface TokenCacheOptions {
  readonly success: number;
  /** Of tokens that are not good, or nobody's. */
  readonly failure: number;
}

type Answer = { readonly answer: Authenticated | undefined } | { readonly error: InvalidCredential };

const remembered = 4096;

/** Remembers what an authenticator said of a token; those who ask of one at the same time share the question. */
export function cachedTokens(tokens: TokenAuthenticator, { success, failure }: TokenCacheOptions): TokenAuthenticator {
  const cache = new TtlCache<Answer>(remembered);
  const asking = new Map<string, Promise<Answer>>();

  async function ask(key: string, token: string, audiences: readonly string[]): Promise<Answer> {
    try {
      const answer = await tokens.authenticateToken(token, audiences);
      cache.set(key, { answer }, answer ? success : failure);
      return { answer };
    } catch (error) {
      if (!(error instanceof InvalidCredential)) throw error;
      cache.set(key, { error }, failure);
      return { error };
    }
  }

  return {
    async authenticateToken(token, audiences) {
      // Tokens themselves are kept nowhere.
      const key = createHash('sha256')
        .update(JSON.stringify([token, audiences]))
        .digest('base64');
      let known = cache.get(key);
      if (!known) {
        const question = asking.get(key) ?? ask(key, token, audiences).finally(() => asking.delete(key));
        asking.set(key, question);
        known = await question;
      }
      if ('error' in known) throw known.error;
      return known.answer;
    },
  };
}
