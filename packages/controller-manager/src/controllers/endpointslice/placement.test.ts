import type { Endpoint, EndpointSlice } from '@coracle/api/types/discovery/v1';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endpointId } from './desired.ts';
import { place } from './placement.ts';

const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
const endpoint = (n: number, ready = true): Endpoint => ({ addresses: [`10.0.0.${n}`], conditions: { ready } });
const slice = (name: string, numbers: number[]): EndpointSlice => ({
  metadata: { name },
  addressType: 'IPv4',
  ports,
  endpoints: numbers.map((n) => endpoint(n)),
});
const group = (numbers: number[]) => [{ ports, endpoints: numbers.map((n) => endpoint(n)) }];
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('placing endpoints', () => {
  it('changes nothing where all is as wanted', () => {
    const slices = [slice('a', [1, 2]), slice('b', [3])];
    expect(place(group([1, 2, 3]), slices, 100)).toMatchObject({ create: [], update: [], remove: [], keep: slices });
  });

  it('fills a slice with room before it makes another', () => {
    const placed = place(group([1, 2, 3, 4]), [slice('a', [1, 2, 3])], 100);
    expect(placed.create).toEqual([]);
    expect(placed.update.map((each) => each.endpoints.length)).toEqual([4]);
  });

  it('puts new ones where a slice changes anyway', () => {
    const placed = place(group([1, 3, 4, 5]), [slice('a', [1, 2]), slice('b', [3, 4])], 3);
    expect(placed.update.map((each) => [each.slice.metadata.name, each.endpoints.length])).toEqual([['a', 2]]);
    expect(placed.keep.map((each) => each.metadata.name)).toEqual(['b']);
  });

  it('makes slices of at most the given size', () => {
    const placed = place(group(range(0, 250)), [], 100);
    expect(placed.create.map((each) => each.endpoints.length)).toEqual([100, 100, 50]);
  });

  it('removes slices that are empty or of ports nobody has', () => {
    const stale = { ...slice('stale', [1]), ports: [{ name: 'http', port: 81, protocol: 'TCP' }] };
    const placed = place(group([1]), [slice('a', [1]), slice('b', [2]), stale], 100);
    expect(placed.remove.map((each) => each.metadata.name).sort()).toEqual(['b', 'stale']);
  });

  it('rewrites an endpoint whose state changed', () => {
    const placed = place([{ ports, endpoints: [endpoint(1, false)] }], [slice('a', [1])], 100);
    expect(placed.update).toEqual([{ slice: expect.anything(), endpoints: [endpoint(1, false)] }]);
  });

  it('ends with every wanted endpoint once, in slices that are not too large', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        numbers,
        fc.array(numbers, { maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        (wanted, existing, max) => {
          const slices = existing.map((each, i) => slice(`s${i}`, each));
          const { create, update, remove, keep } = place(group(wanted), slices, max);
          const after = [
            ...create.map((each) => each.endpoints),
            ...update.map((each) => each.endpoints),
            ...keep.map((each) => each.endpoints!),
          ];
          const ids = after.flat().map(endpointId).sort();
          expect(ids).toEqual(wanted.map((n) => endpointId(endpoint(n))).sort());
          for (const each of [...create, ...update]) expect(each.endpoints.length).toBeLessThanOrEqual(max);
          expect(update.length + remove.length + keep.length).toBe(slices.length);
        },
      ),
    );
  });
});
