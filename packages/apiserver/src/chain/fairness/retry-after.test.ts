import { expect, it } from '@jest/globals';
import { RetryAfter } from './retry-after.ts';

function after(...refusedInSecond: number[]): number {
  const retryAfter = new RetryAfter();
  for (const [at, count] of refusedInSecond.entries()) {
    for (let i = 0; i < count; i++) retryAfter.refused(1_000 + at);
  }
  return retryAfter.seconds;
}

it('is a second where few are refused', () => {
  expect(after(1)).toBe(1);
  expect(after(2, 2, 2, 2, 2)).toBe(1);
  expect(after(1_000)).toBe(1);
});

it('doubles while many are refused, no sooner than it was waited for', () => {
  expect(after(3, 1)).toBe(2);
  expect(after(50, 50)).toBe(2);
  expect(after(50, 50, 50)).toBe(2);
  expect(after(50, 50, 50, 50)).toBe(4);
  expect(after(...new Array(200).fill(200))).toBe(32);
});

it('goes down by a second with each in which few were', () => {
  expect(after(50, 50, 50, 50, 0, 0, 0, 0, 0, 1)).toBe(3);
  expect(after(50, 50, 50, 50, 0, 0, 0, 0, 0, 1, 1, 1)).toBe(2);
});
