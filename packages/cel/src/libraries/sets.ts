import { multiply } from '../cost/range.ts';
import { contains } from '../functions/comparison.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import type { ListValue } from '../values.ts';

/** Every item of one list is looked for in the other. */
const product = (times: number): Pick<Overload, 'cost' | 'estimate'> => ({
  cost: ([a, b]) => Math.max(1, (a as ListValue).size * (b as ListValue).size * times),
  estimate: ([a, b]) => ({ cost: multiply(multiply(a!.size, b!.size), { min: BigInt(times), max: BigInt(times) }) }),
});
const within = (a: ListValue, b: ListValue): boolean => [...a].every((item) => contains(b, item));

/** Lists as sets. */
export const sets: Library = {
  'sets.contains': [
    overload(
      'list_sets_contains_list',
      '(list(T), list(T)) bool',
      (a: ListValue, b: ListValue) => within(b, a),
      product(1),
    ),
  ],
  'sets.equivalent': [
    overload(
      'list_sets_equivalent_list',
      '(list(T), list(T)) bool',
      (a: ListValue, b: ListValue) => within(a, b) && within(b, a),
      product(2),
    ),
  ],
  'sets.intersects': [
    overload(
      'list_sets_intersects_list',
      '(list(T), list(T)) bool',
      (a: ListValue, b: ListValue) => [...a].some((item) => contains(b, item)),
      product(1),
    ),
  ],
};
