import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseNetworkConfig } from '../config/network-config.ts';
import { formatRange, overlap, parseRange } from '../range.ts';
import { chooseSubnet, isWithin, keyOfSubnet, subnetOfKey } from './allocate.ts';

const config = parseNetworkConfig('{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}');
const small = parseNetworkConfig('{"Network": "10.5.0.0/24", "Backend": {"Type": "vxlan"}}');
const choose = (taken: string[], earlier?: string, random = 0) =>
  formatRange(chooseSubnet(config, taken.map(parseRange), earlier ? parseRange(earlier) : undefined, () => random));

describe('a node gets', () => {
  it('any free subnet, chosen at random', () => {
    expect(choose([])).toBe('10.244.1.0/24');
    expect(choose([], undefined, 0.5)).toBe('10.244.128.0/24');
    expect(choose([], undefined, 0.999)).toBe('10.244.255.0/24');
  });

  it('the next one when that is taken, from the beginning after the last', () => {
    expect(choose(['10.244.1.0/24', '10.244.2.0/24'])).toBe('10.244.3.0/24');
    expect(choose(['10.244.255.0/24'], undefined, 0.999)).toBe('10.244.1.0/24');
  });

  it('its earlier one when that is free and still one of the network', () => {
    expect(choose([], '10.244.77.0/24')).toBe('10.244.77.0/24');
    expect(choose(['10.244.77.0/24'], '10.244.77.0/24')).toBe('10.244.1.0/24');
    expect(choose([], '10.245.77.0/24')).toBe('10.244.1.0/24');
    expect(choose([], '10.244.64.0/20')).toBe('10.244.1.0/24');
    expect(choose([], '10.244.0.0/24')).toBe('10.244.1.0/24');
  });

  it('none that a lease of another length covers', () => {
    expect(choose(['10.244.0.0/20'])).toBe('10.244.16.0/24');
  });

  it('nothing when all are taken', () => {
    const taken = ['10.5.0.64/26', '10.5.0.128/26', '10.5.0.192/26'].map(parseRange);
    expect(() => chooseSubnet(small, taken, undefined)).toThrow(
      'out of subnets: all 3 of Network 10.5.0.0/24 are leased',
    );
  });

  it('never one that overlaps another, as long as there are any', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { maxLength: 255 }), (numbers) => {
        const taken: ReturnType<typeof parseRange>[] = [];
        for (const number of numbers) {
          const subnet = chooseSubnet(config, taken, undefined, () => number);
          expect(isWithin(config, subnet)).toBe(true);
          expect(taken.some((each) => overlap(each, subnet))).toBe(false);
          taken.push(subnet);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('the name of a subnet in keys', () => {
  it('is read as it is written', () => {
    expect(keyOfSubnet(parseRange('10.244.3.0/24'))).toBe('10.244.3.0-24');
    expect(subnetOfKey('10.244.3.0-24')).toEqual(parseRange('10.244.3.0/24'));
  });

  for (const name of [
    '',
    'config',
    '10.244.3.0',
    '10.244.3.7-24',
    '10.244.3.0/24',
    '10.244.3.0-24-24',
    '10.244.300.0-24',
  ]) {
    it(`is not ${JSON.stringify(name)}`, () => expect(subnetOfKey(name)).toBeUndefined());
  }
});
