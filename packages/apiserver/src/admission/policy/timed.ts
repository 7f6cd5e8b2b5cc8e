import type { PolicyMetrics } from './metrics.ts';

const compiled = new WeakSet<object>();

/** Takes up what a policy was compiled to, compiling it where it is new, and runs it; says how long that took. */
export async function timed<P extends object, C, T>(
  metrics: PolicyMetrics,
  policy: P,
  compile: (policy: P) => C,
  run: (compiled: C) => Promise<T>,
): Promise<{ value: T; seconds: number }> {
  const begun = performance.now();
  const made = compile(policy);
  const ready = performance.now();
  if (!compiled.has(policy)) {
    compiled.add(policy);
    metrics.compiled((ready - begun) / 1000);
  }
  const value = await run(made);
  const seconds = (performance.now() - ready) / 1000;
  metrics.evaluated(seconds);
  return { value, seconds };
}
