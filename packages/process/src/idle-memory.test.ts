import { describe, expect, it } from '@jest/globals';
import { idleCollector } from './idle-memory.ts';

describe('the idle collector', () => {
  /** How many collections there were after each period of the given utilization. */
  function collections(...periods: number[]): number[] {
    let now = 0;
    let times = 0;
    const look = idleCollector({ utilization: () => now, collect: () => times++ });
    return periods.map((share) => {
      now = share;
      look();
      return times;
    });
  }

  it('collects once after the start', () => {
    expect(collections(0.8, 0.01, 0.01, 0.01)).toEqual([0, 1, 1, 1]);
  });

  it('collects once after each load, and never in one', () => {
    expect(collections(0, 0.9, 0.3, 0.9, 0.04, 0, 0.5, 0)).toEqual([1, 1, 1, 1, 2, 2, 2, 3]);
  });

  it('takes the little work of an idle process for none, and waits where it is not little', () => {
    expect(collections(0, 0.1, 0.1, 0, 0.25, 0.1, 0.1, 0.02)).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
  });

  it('finds the collection in V8 at run time', async () => {
    const { collector } = await import('./idle-memory.ts');
    const collect = collector();
    let kept: WeakRef<object> | undefined;
    (() => {
      kept = new WeakRef({ large: new Array(1000).fill(0) });
    })();
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(kept?.deref()).toBeUndefined();
  });
});
