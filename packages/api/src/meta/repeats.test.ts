import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { repeats } from './repeats.ts';

it('repeats are what stands further ahead as well', () => {
  expect([...repeats(['a', 'b', 'a', undefined, 'a', undefined])]).toEqual([2, 4, 5]);
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', '')), (list) => {
      const expected = list.flatMap((item, i) => (list.indexOf(item) < i ? [i] : []));
      expect([...repeats(list)]).toEqual(expected);
    }),
  );
});
