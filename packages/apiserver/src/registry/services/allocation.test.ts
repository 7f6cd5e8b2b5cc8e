import { AddressRange } from '@coracle/api/meta/address-range';
import { canonicalAddress } from '@coracle/api/meta/addresses';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressBand, bandOf, candidates, portBand } from './bands.ts';
import { parsePortRange } from './port-range.ts';
import { PortSet } from './port-set.ts';

describe('a range of addresses', () => {
  it.each([
    ['10.96.0.0/12', '10.96.0.1', '10.111.255.254', 2 ** 20 - 2],
    ['10.0.0.77/24', '10.0.0.1', '10.0.0.254', 254],
    ['fd00:1234::/112', 'fd00:1234::1', 'fd00:1234::ffff', 65_535],
    ['fd00::/64', 'fd00::1', 'fd00::ffff:ffff', 2 ** 32 - 1],
  ])('%s goes from %s to %s', (cidr, first, last, size) => {
    const range = new AddressRange(cidr);
    expect([range.at(0), range.at(range.size - 1), range.size]).toEqual([first, last, size]);
    expect(range.indexOf(last)).toBe(size - 1);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', 'x/8', '10.0.0.0/32', '10.0.0.0/31'])('%s is none', (cidr) => {
    expect(() => new AddressRange(cidr)).toThrow();
  });

  it('knows its addresses back, and no others', () => {
    const range = new AddressRange('fd12:0:0:1::/108');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: range.size - 1 }), (index) => {
        expect(range.indexOf(range.at(index))).toBe(index);
        expect(canonicalAddress(range.at(index))).toBe(range.at(index));
      }),
    );
    for (const outside of ['fd12:0:0:1::', '10.0.0.1', 'fd12:0:0:2::1', 'x', ''])
      expect(range.indexOf(outside)).toBeUndefined();
  });

  it.each([
    ['0:0:0:0:0:0:0:1', '::1'],
    ['FD00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['::', '::'],
  ])('writes %s as %s', (address, expected) => expect(canonicalAddress(address)).toBe(expected));
});

describe('the order in which what is free is looked for', () => {
  it('goes through everything once, the part for explicit choices last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (size, part) => {
        const band = part % (size + 1);
        const order = [...candidates(size, band)];
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i));
        expect(order.slice(0, size - band).every((index) => index >= band)).toBe(true);
      }),
    );
  });

  it.each([
    [14, 0, 0],
    [254, 16, 16],
    [2768, 173, 86],
    [65_534, 256, 128],
  ])('leaves of %i addresses %i, of as many ports %i to explicit choices', (size, addresses, ports) => {
    expect(bandOf(size, addressBand)).toBe(addresses);
    expect(bandOf(size, portBand)).toBe(ports);
  });
});

describe('a set of ports', () => {
  it('refuses in upstream’s words', () => {
    const ports = new PortSet(parsePortRange('30000-30001'));
    ports.reserve(30000);
    expect(() => ports.reserve(30000)).toThrow('provided port is already allocated');
    expect(() => ports.reserve(80)).toThrow(
      'provided port is not in the valid range. The range of valid ports is 30000-30001',
    );
    expect(ports.allocate()).toBe(30001);
    expect(() => ports.allocate()).toThrow('range is full');
  });

  it('never gives one port twice, whatever is freed in between', () => {
    const range = parsePortRange('30000+19');
    const step = fc.record({ free: fc.boolean(), port: fc.integer({ min: 30_000, max: 30_019 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ports = new PortSet(range);
        const held = new Set<number>();
        for (const { free, port } of steps) {
          if (free) {
            ports.release(port);
            held.delete(port);
          } else if (held.size === 20) expect(() => ports.allocate()).toThrow('range is full');
          else {
            const given = ports.allocate();
            expect(held.has(given)).toBe(false);
            held.add(given);
          }
        }
        expect([...ports]).toEqual([...held].sort((a, b) => a - b));
      }),
    );
  });

  it('is as it was after an attempt that failed', () => {
    const ports = new PortSet(parsePortRange('30000-30010'));
    ports.reserve(30001);
    const attempt = () =>
      ports.attempt((set) => {
        set.reserve(30002);
        set.reserve(30001);
      });
    expect(attempt).toThrow('already allocated');
    expect([...ports]).toEqual([30001]);
  });
});
