import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again until `look` returns something true, and returns that; after `limit` ms it fails with the last thing seen. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false | null> | T | undefined | false | null,
  limit = 40_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  let problem: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline)
      throw new Error(
        `it did not happen within ${limit} ms: ${what}: ${problem instanceof Error ? problem.message : ''}`,
      );
    await sleep(50);
  }
}
