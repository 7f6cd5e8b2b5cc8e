import { describe, expect, it } from '@jest/globals';
import { fairShares, limitsOf, shareOut, smooth } from './concurrency.ts';

const limited = (shares: number, lendablePercent = 0, borrowingLimitPercent?: number) => ({
  type: 'Limited',
  limited: {
    nominalConcurrencyShares: shares,
    lendablePercent,
    ...(borrowingLimitPercent === undefined ? {} : { borrowingLimitPercent }),
  },
});

describe('the seats of a level', () => {
  it('are its part of all shares', () => {
    // Shares of the levels every cluster has, at the default of 600 seats.
    expect(limitsOf(limited(30, 33), 600, 245)).toEqual({ nominal: 74, least: 50, most: 674 });
    expect(limitsOf(limited(100, 90), 600, 245)).toEqual({ nominal: 245, least: 24, most: 845 });
    expect(limitsOf(limited(5), 600, 245)).toEqual({ nominal: 13, least: 13, most: 613 });
    expect(limitsOf(limited(20, 50, 100), 600, 245)).toEqual({ nominal: 49, least: 24, most: 98 });
    expect(limitsOf({ type: 'Exempt', exempt: {} }, 600, 245)).toEqual({ nominal: 0, least: 0, most: 600 });
  });
});

describe('lending', () => {
  const level = (nominal: number, least: number, demand: number, most = 100, exempt = false) => ({
    exempt,
    limits: { nominal, least, most },
    high: demand,
    smoothed: demand,
  });

  it('gives what one does not need to one that does, and takes it back', () => {
    expect(shareOut([level(50, 10, 0), level(50, 10, 100)]).current).toEqual([10, 90]);
    expect(shareOut([level(50, 10, 50), level(50, 10, 100)]).current).toEqual([50, 50]);
  });

  it('leaves a level what it does not lend, and gives no more than it may borrow', () => {
    const { current } = shareOut([level(50, 40, 0), level(50, 50, 1000, 55)]);
    expect(current).toEqual([45, 55]);
  });

  it('lets exempt levels have what they ask for first', () => {
    const { current } = shareOut([level(0, 0, 30, 100, true), level(50, 0, 50), level(50, 0, 50)]);
    expect(current).toEqual([30, 35, 35]);
  });

  it('goes below what levels keep for themselves for nobody', () => {
    const { current, fairFraction } = shareOut([level(0, 0, 500, 100, true), level(50, 20, 50)]);
    expect([...current, fairFraction]).toEqual([500, 20, 0]);
  });

  it('shares in proportion to targets, between bounds', () => {
    const { fraction, amounts } = fairShares(60, [
      { target: 10, low: 0, high: 100 },
      { target: 20, low: 0, high: 100 },
      { target: 30, low: 0, high: 15 },
    ]);
    expect(fraction).toBeCloseTo(1.5);
    expect(amounts.map(Math.round)).toEqual([15, 30, 15]);
  });
});

describe('smoothed demand', () => {
  it('rises at once, and falls slowly', () => {
    const busy = { average: 100, deviation: 0, high: 100 };
    const idle = { average: 0, deviation: 0, high: 0 };
    expect(smooth(0, busy)).toBe(100);
    let demand = 100;
    for (let period = 0; period < 30; period++) demand = smooth(demand, idle);
    expect(demand).toBeGreaterThan(45);
    expect(demand).toBeLessThan(55);
  });
});
