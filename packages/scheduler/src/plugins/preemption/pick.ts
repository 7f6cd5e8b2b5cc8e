import type { Victims } from './victims.ts';
import { startOf } from './victims.ts';

/** How bad each choice is, most important criterion first; lower is better. */
const criteria: readonly ((victims: Victims) => number)[] = [
  ({ violations }) => violations,
  ({ pods }) => pods[0]?.priority ?? Number.NEGATIVE_INFINITY,
  // Shifted by the lowest priority, so that fewer victims are better even when priorities are negative.
  ({ pods }) => pods.reduce((sum, each) => sum + each.priority + 2 ** 31, 0),
  ({ pods }) => pods.length,
  // The later the longest-running of the most important victims started, the less work is lost.
  ({ pods }) => -Math.min(...pods.filter((each) => each.priority === pods[0]!.priority).map(startOf)),
];

/**
 * Chooses among nodes that preemption could make room on: fewest broken budgets, then least important most important victim, then
 * smallest sum of priorities, then fewest victims, then youngest victims, then the first.
 */
export function pickNode(candidates: readonly Victims[]): Victims | undefined {
  let best = candidates;
  for (const badness of criteria) {
    if (best.length <= 1) break;
    const scores = best.map(badness);
    const least = Math.min(...scores);
    best = best.filter((_, i) => scores[i] === least);
  }
  return best[0];
}
