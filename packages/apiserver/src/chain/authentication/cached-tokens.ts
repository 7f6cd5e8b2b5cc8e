import { createHash } from 'node:crypto';
import { TtlCache } from '../ttl-cache.ts';
import { type Authenticated, InvalidCredential, type TokenAuthenticator } from './authenticator.ts';
import type { TokenCacheMetrics } from './token-cache-metrics.ts';

/** How long answers are kept, in milliseconds; 0: not at all. Errors are not kept: an outage is over when it is over. */
export interface TokenCacheOptions {
  readonly success: number;
  /** Of tokens that are nobody's. */
  readonly failure: number;
  readonly metrics: TokenCacheMetrics;
}

type Answer = { readonly answer: Authenticated | undefined } | { readonly error: InvalidCredential };

const remembered = 4096;

/** Remembers what an authenticator said of a token; those who ask of one at the same time share the question. */
export function cachedTokens(
  tokens: TokenAuthenticator,
  { success, failure, metrics }: TokenCacheOptions,
): TokenAuthenticator {
  const cache = new TtlCache<Answer>(remembered);
  const asking = new Map<string, Promise<Answer>>();

  async function ask(key: string, token: string, audiences: readonly string[]): Promise<Answer> {
    const ended = metrics.fetching();
    try {
      const answer = await tokens.authenticateToken(token, audiences);
      ended(true);
      cache.set(key, { answer }, answer ? success : failure);
      return { answer };
    } catch (error) {
      ended(false);
      if (!(error instanceof InvalidCredential)) throw error;
      return { error };
    }
  }

  return {
    async authenticateToken(token, audiences) {
      const began = performance.now();
      // Tokens themselves are kept nowhere.
      const key = createHash('sha256')
        .update(JSON.stringify([token, audiences]))
        .digest('base64');
      let known = cache.get(key);
      const isKnown = known !== undefined;
      if (!known) {
        const question = asking.get(key) ?? ask(key, token, audiences).finally(() => asking.delete(key));
        asking.set(key, question);
        const done = metrics.waiting();
        known = await question.finally(done);
      }
      metrics.asked(isKnown, (performance.now() - began) / 1000);
      if ('error' in known) throw known.error;
      return known.answer;
    },
  };
}
