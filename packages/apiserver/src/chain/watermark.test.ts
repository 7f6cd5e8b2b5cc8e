import { expect, it } from '@jest/globals';
import { Watermark } from './watermark.ts';

it('shows the most there were, for about a second', () => {
  const mark = new Watermark();
  mark.enter(1_000);
  mark.enter(1_100);
  mark.enter(1_100);
  mark.leave(1_200);
  mark.leave(1_200);
  expect(mark.most(1_300)).toBe(3);
  expect(mark.most(2_000)).toBe(3);
  expect(mark.most(3_000)).toBe(1);
  mark.enter(9_000);
  expect(mark.most(9_000)).toBe(2);
  mark.leave(9_100);
  mark.leave(9_100);
  expect(mark.most(20_000)).toBe(0);
});
