/**
 * Calls `fn` `count` times in batches that start at one and double after each batch that succeeded wholly, so that a mistake common to
 * all calls (a quota, a broken template) costs few of them. Returns how many succeeded and the first error.
 */
export async function slowStart(
  count: number,
  fn: () => Promise<void>,
): Promise<{ succeeded: number; error?: unknown }> {
  let succeeded = 0;
  for (let size = 1; succeeded < count; size *= 2) {
    const batch = Math.min(size, count - succeeded);
    const results = await Promise.allSettled(Array.from({ length: batch }, fn));
    const failures = results.filter((result) => result.status === 'rejected');
    succeeded += batch - failures.length;
    if (failures.length > 0) return { succeeded, error: failures[0]!.reason };
  }
  return { succeeded };
}
