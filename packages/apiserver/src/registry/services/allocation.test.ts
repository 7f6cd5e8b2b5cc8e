import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressRange, canonical } from './address-range.ts';
import { Allocator } from './allocator.ts';
import { ClusterIps } from './cluster-ips.ts';
import { NodePorts } from './node-ports.ts';

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
        expect(canonical(range.at(index))).toBe(range.at(index));
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
  ])('writes %s as %s', (address, expected) => expect(canonical(address)).toBe(expected));
});

describe('an allocator', () => {
  it('gives every index to one owner, the lower band last', () => {
    const allocator = new Allocator(64, { reserved: 16 });
    const upper = Array.from({ length: 48 }, (_, i) => allocator.allocate(`a${i}`)!);
    expect(new Set(upper).size).toBe(48);
    expect(Math.min(...upper)).toBe(16);
    const lower = Array.from({ length: 16 }, (_, i) => allocator.allocate(`b${i}`)!);
    expect([...lower].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(allocator.allocate('late')).toBeUndefined();
  });

  it('frees for its owner alone', () => {
    const allocator = new Allocator(4);
    expect(allocator.reserve(2, 'a')).toBe(true);
    expect(allocator.reserve(2, 'a')).toBe(true);
    expect(allocator.reserve(2, 'b')).toBe(false);
    allocator.release(2, 'b');
    expect(allocator.ownerOf(2)).toBe('a');
    allocator.release(2, 'a');
    expect(allocator.reserve(2, 'b')).toBe(true);
  });

  it('never gives one index twice, whatever is freed in between', () => {
    const step = fc.record({ owner: fc.constantFrom('a', 'b', 'c'), free: fc.boolean(), index: fc.nat(19) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const allocator = new Allocator(20);
        const held = new Map<number, string>();
        for (const { owner, free, index } of steps) {
          if (free) {
            allocator.release(index, owner);
            if (held.get(index) === owner) held.delete(index);
            continue;
          }
          const given = allocator.allocate(owner);
          expect(given === undefined).toBe(held.size === 20);
          if (given === undefined) continue;
          expect(held.has(given)).toBe(false);
          held.set(given, owner);
        }
        expect(allocator.used).toBe(held.size);
      }),
    );
  });
});

describe('addresses and ports of services', () => {
  it('are refused in upstream’s words', () => {
    const ips = new ClusterIps('10.0.0.0/30');
    expect(ips.reserve('10.0.0.1', 'default/a')).toBe('10.0.0.1');
    expect(() => ips.reserve('10.0.0.1', 'default/b')).toThrow('provided IP is already allocated');
    expect(() => ips.reserve('10.0.1.1', 'default/b')).toThrow(
      'the provided IP (10.0.1.1) is not in the valid range. The range of valid IPs is 10.0.0.0/30',
    );
    expect(ips.allocate('default/b')).toBe('10.0.0.2');
    expect(() => ips.allocate('default/c')).toThrow('range is full');
    const ports = new NodePorts('30000-30001');
    ports.reserve(30000, 'default/a');
    expect(() => ports.reserve(30000, 'default/b')).toThrow('provided port is already allocated');
    expect(() => ports.reserve(80, 'default/b')).toThrow(
      'provided port is not in the valid range. The range of valid ports is 30000-30001',
    );
    expect(ports.allocate('default/b')).toBe(30001);
    expect(() => ports.allocate('default/c')).toThrow('range is full');
  });

  it.each(['30000', '0-10', '30000-20000', '30000-70000', 'a-b'])('%s is no range of ports', (range) => {
    expect(() => new NodePorts(range)).toThrow('unable to parse port range');
  });
});
