/** How often something is asked for that nobody tells us about. */
const interval = 50;

/** Asks until there is an answer. Resolves to undefined when there is none within `limit` milliseconds; throws what the signal was aborted with. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  limit: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const deadline = Date.now() + limit;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
