import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addressAt,
  formatRange,
  holds,
  overlap,
  parseAddress,
  parseRange,
  type Range,
  rangeFrom,
  sizeOf,
} from './range.ts';

const anyRange = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 32 }))
  .map(([address, length]): Range => ({ base: address - (address % 2 ** (32 - length)), length }));

describe('a range', () => {
  it('is read as it is written', () => {
    fc.assert(fc.property(anyRange, (range) => expect(parseRange(formatRange(range))).toEqual(range)));
  });

  it('begins at its first address, whichever was written', () => {
    expect(formatRange(parseRange('10.244.7.9/16'))).toBe('10.244.0.0/16');
    expect(addressAt(parseRange('10.244.3.0/24'), 1)).toBe('10.244.3.1');
  });

  it('overlaps another exactly if it holds its first address, or the other way round', () => {
    fc.assert(
      fc.property(anyRange, anyRange, (a, b) => {
        const first = ({ base }: Range): Range => ({ base, length: 32 });
        expect(overlap(a, b)).toBe(holds(a, first(b)) || holds(b, first(a)));
        expect(holds(a, b)).toBe(overlap(a, b) && sizeOf(a) >= sizeOf(b));
      }),
    );
  });

  for (const text of [
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.256/8',
    '10.0.0.0/8/8',
    'fd00::/8',
    ' 10.0.0.0/8',
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(rangeFrom(text)).toBeUndefined();
      expect(() => parseRange(text)).toThrow('is no IPv4 range');
    });
  }

  it('an address has four numbers up to 255', () => {
    expect(parseAddress('255.255.255.255')).toBe(2 ** 32 - 1);
    expect(() => parseAddress('1.2.3')).toThrow('"1.2.3" is no IPv4 address');
  });
});
