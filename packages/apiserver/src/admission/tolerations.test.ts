import { deepEqual } from '@coracle/api/meta/object';
import type { Toleration } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergeTolerations, Tolerations } from './tolerations.ts';

/** Upstream's rule, of two. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  if (wide.key && wide.key !== narrow.key) return false;
  if (!wide.key && wide.operator !== 'Exists') return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  const equal = (it: Toleration) => (it.operator || 'Equal') === 'Equal';
  return equal(wide) && equal(narrow) && (wide.value ?? '') === (narrow.value ?? '');
}

/** Upstream's way, each compared with each. */
function mergedOneByOne(all: readonly Toleration[]): Toleration[] {
  const merged: Toleration[] = [];
  for (const [i, each] of all.entries()) {
    if (merged.some((other) => covers(other, each))) continue;
    if (all.slice(i + 1).some((other) => !deepEqual(other, each) && covers(other, each))) continue;
    merged.push(each);
  }
  return merged;
}

const toleration: fc.Arbitrary<Toleration> = fc.record(
  {
    key: fc.constantFrom('', 'a', 'b'),
    operator: fc.constantFrom('', 'Exists', 'Equal', 'Lt'),
    value: fc.constantFrom('', 'v', 'w'),
    effect: fc.constantFrom('', 'NoExecute', 'NoSchedule'),
    tolerationSeconds: fc.constantFrom(-1, 0, 1, 2, 3),
  },
  { requiredKeys: [] },
);
const tolerations = fc.array(toleration, { maxLength: 12 });

describe('tolerations', () => {
  it('are merged as if each were compared with each', () => {
    fc.assert(
      fc.property(tolerations, tolerations, (first, second) => {
        expect(mergeTolerations(first, second)).toEqual(mergedOneByOne([...first, ...second]));
      }),
      { numRuns: 5000 },
    );
  });

  it('cover what one of them covers', () => {
    fc.assert(
      fc.property(tolerations, toleration, (them, narrow) => {
        expect(new Tolerations(them).cover(narrow)).toBe(them.some((wide) => covers(wide, narrow)));
      }),
      { numRuns: 5000 },
    );
  });

  it('are looked at a few times each', () => {
    let looked = 0;
    const counted = (it: Toleration): Toleration =>
      Object.defineProperty({ ...it }, 'key', {
        get: () => {
          looked++;
          return it.key;
        },
        enumerable: true,
      });
    const many = Array.from({ length: 5000 }, (_, i) => counted({ key: `k${i % 2500}`, operator: 'Exists' }));
    expect(mergeTolerations(many, many)).toHaveLength(2500);
    expect(looked).toBeLessThan(10_000 * 50);
  });
});
