import { describe, expect, it } from '@jest/globals';
import { Utilization } from './utilization.ts';

describe('utilization', () => {
  it('is observed for each nanosecond it lasted', () => {
    const seen = new Utilization([0, 0.5, 1], 1000);
    seen.set(1, 2, 1001);
    seen.set(2, 2, 1004);
    seen.set(3, 2, 1005);
    const { counts, sum } = seen.observed(1006);
    expect(counts).toEqual([1e6, 3e6, 1e6, 1e6]);
    expect(sum).toBe(3e6 * 0.5 + 1e6 + 1.5e6);
    expect(seen.observed(1006).counts).toEqual(counts);
  });

  it('of nothing is all that is used', () => {
    const seen = new Utilization([0, 1], 0);
    seen.set(3, 0, 0);
    expect(seen.observed(1)).toMatchObject({ counts: [0, 0, 1e6], sum: 3e6 });
  });
});
