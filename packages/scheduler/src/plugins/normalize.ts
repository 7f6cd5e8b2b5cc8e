import type { NodeScore } from '../framework/plugin.ts';
import { maxNodeScore } from '../framework/plugin.ts';

/** Scales scores so that the highest becomes 100 (with `reverse`, so that the lowest does), rounding down; in place. */
export function normalize(scores: readonly NodeScore[], { reverse }: { reverse: boolean }): void {
  let max = 0;
  for (const each of scores) max = Math.max(max, each.score);
  for (const each of scores) {
    const scaled = max === 0 ? 0 : Math.floor((each.score * maxNodeScore) / max);
    each.score = reverse ? maxNodeScore - scaled : scaled;
  }
}
