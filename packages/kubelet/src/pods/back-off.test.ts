import { describe, expect, it } from '@jest/globals';
import { BackOff } from './back-off.ts';

describe('restart delays', () => {
  it('are 10 s, then doubled up to 5 min, and begin anew after 10 good minutes', () => {
    let now = 0;
    const delays = new BackOff(10_000, 300_000, () => now);
    expect(delays.remaining('c', now)).toBe(0);
    const seen: number[] = [];
    for (let i = 0; i < 7; i++) {
      delays.next('c', now);
      seen.push(delays.delay('c'));
      // It fails again at once, and waits.
      expect(delays.remaining('c', now)).toBe(delays.delay('c'));
      now += delays.delay('c');
      expect(delays.remaining('c', now - delays.delay('c'))).toBe(0);
    }
    expect(seen).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    now += 600_001;
    expect(delays.remaining('c', now)).toBe(0);
    delays.next('c', now);
    expect(delays.delay('c')).toBe(10_000);
  });

  it('of different keys do not touch, and old ones are forgotten', () => {
    let now = 0;
    const delays = new BackOff(10_000, 300_000, () => now);
    delays.next('a', now);
    expect(delays.remaining('b', now)).toBe(0);
    now = 600_001;
    delays.collect();
    expect(delays.delay('a')).toBe(0);
  });
});
