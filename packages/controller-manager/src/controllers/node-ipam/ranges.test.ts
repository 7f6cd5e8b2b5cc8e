import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatNetwork, parseNetwork, RangeSet } from './ranges.ts';

describe('networks', () => {
  it.each(['10.244.0.0/16', '0.0.0.0/0', 'fd00::/48', '::/0', '2001:db8:0:1::/64', '1:2:3:4:5:6:7:8/128'])(
    '%s reads and prints',
    (text) => {
      expect(formatNetwork(parseNetwork(text))).toBe(text);
    },
  );
  it.each(['10.0.0/8', '10.0.0.256/8', '10.0.0.0', '10.0.0.0/33', 'fd00:/8', 'a::b::c/8', 'x/1'])(
    '%s is none',
    (text) => {
      expect(() => parseNetwork(text)).toThrow(`invalid CIDR address: ${text}`);
    },
  );
});

describe('a set of ranges', () => {
  it('hands out each part once, then none, and again what was given back', () => {
    const set = new RangeSet(parseNetwork('10.244.0.0/22'), 24);
    const parts = [set.allocate(), set.allocate(), set.allocate(), set.allocate()];
    expect(parts).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24']);
    expect(set.allocate()).toBeUndefined();
    set.release('10.244.1.0/24');
    expect(set.allocate()).toBe('10.244.1.0/24');
  });

  it('keeps clear of what is taken, however large', () => {
    const set = new RangeSet(parseNetwork('10.96.0.0/12'), 24);
    set.occupy('10.96.0.0/16');
    set.occupy('192.168.0.0/16');
    expect(set.allocate()).toBe('10.97.0.0/24');
  });

  it('does IPv6', () => {
    const set = new RangeSet(parseNetwork('fd00:10::/56'), 64);
    expect([set.allocate(), set.allocate()]).toEqual(['fd00:10::/64', 'fd00:10:0:1::/64']);
  });

  it('refuses parts larger than the whole', () => {
    expect(() => new RangeSet(parseNetwork('10.0.0.0/16'), 8)).toThrow('does not fit');
  });

  it('never gives two the same, whatever is released', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (steps) => {
        const set = new RangeSet(parseNetwork('10.0.0.0/20'), 24);
        const held: string[] = [];
        for (const take of steps) {
          const part = take ? set.allocate() : undefined;
          if (part !== undefined) {
            expect(held).not.toContain(part);
            held.push(part);
          } else if (!take && held.length > 0) set.release(held.shift()!);
        }
      }),
    );
  });
});
