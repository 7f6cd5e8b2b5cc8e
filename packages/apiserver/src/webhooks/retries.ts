import { delay } from '@coracle/client/rate-limit';

/** How often, and after how long, what failed is tried again. */
export interface RetryOptions {
  /** Milliseconds before the second attempt; later ones wait longer. */
  readonly initialBackoff: number;
  /** Whether another attempt may end better. */
  readonly mayPass: (error: unknown) => boolean;
  readonly attempts: number;
}

/** Tries until it succeeds, fails for good, or was tried often enough; gives what came of it, or throws the last error. */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { initialBackoff, mayPass, attempts } = options;
  for (let i = 1, wait = initialBackoff; ; i++, wait *= 1.5) {
    try {
      return await attempt();
    } catch (error) {
      if (i >= attempts || !mayPass(error)) throw error;
    }
    await delay(wait * (1 + Math.random() * 0.2));
  }
}
