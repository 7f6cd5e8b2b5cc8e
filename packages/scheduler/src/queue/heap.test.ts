import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Heap } from './heap.ts';

interface Item {
  key: string;
  rank: number;
}

it('behaves as a sorted list with keys, whatever the steps', () => {
  const step = fc.record({
    kind: fc.constantFrom('set', 'delete', 'pop'),
    key: fc.integer({ min: 0, max: 20 }).map(String),
    rank: fc.integer({ min: 0, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap<Item>(
        (each) => each.key,
        (a, b) => a.rank < b.rank,
      );
      const model = new Map<string, number>();
      for (const { kind, key, rank } of steps) {
        if (kind === 'set') {
          heap.set({ key, rank });
          model.set(key, rank);
        } else if (kind === 'delete') {
          expect(heap.delete(key)?.rank).toBe(model.get(key));
          model.delete(key);
        } else {
          const popped = heap.pop();
          expect(popped?.rank).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
          if (popped) model.delete(popped.key);
        }
        expect(heap.size).toBe(model.size);
        expect(heap.get(key)?.rank).toBe(model.get(key));
      }
    }),
  );
});
