import { accepts, types } from '../check/type.ts';
import { traversal } from '../cost/factors.ts';
import { add, exactly, multiply, scale } from '../cost/range.ts';
import { compareBytes, compareNumbers, compareText, equal, isNumber } from '../evaluate/equality.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { standard } from '../functions/standard.ts';
import { Duration, type ListValue, Timestamp, UInt, type Value } from '../values.ts';

/** One pass over the list, and over its items where they are strings or bytes. */
const onePass: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([list]) => (list as ListValue).size,
  estimate: ([list]) => {
    const item = list!.item;
    const long = item && (item.type.is === 'string' || item.type.is === 'bytes');
    const each = long ? add(exactly(1), scale(item.size, traversal)) : exactly(1);
    return { cost: multiply(list!.size, each) };
  },
};

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const summable: Readonly<Record<string, Value>> = {
  int: 0n,
  uint: new UInt(0n),
  double: 0,
  duration: new Duration(0n),
};

/** Functions on lists of Kubernetes (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-list-library). */
export const lists: Library = {
  isSorted: comparable.map((type) =>
    overload(`list_${type}_is_sorted_bool`, `list(${type}).() bool`, isSorted, onePass),
  ),
  min: comparable.map((type) =>
    overload(`list_${type}_min_${type}`, `list(${type}).() ${type}`, extreme('min', -1), onePass),
  ),
  max: comparable.map((type) =>
    overload(`list_${type}_max_${type}`, `list(${type}).() ${type}`, extreme('max', 1), onePass),
  ),
  sum: Object.entries(summable).map(([type, zero]) =>
    overload(
      `list_${type}_sum_${type}`,
      `list(${type}).() ${type}`,
      (list: ListValue) => [...list].reduce(plus, zero),
      onePass,
    ),
  ),
  indexOf: [
    overload(
      'list_a_index_of_int',
      'list(T).(T) int',
      (list: ListValue, item: Value) => BigInt([...list].findIndex((each) => equal(each, item))),
      onePass,
    ),
  ],
  lastIndexOf: [
    overload(
      'list_a_last_index_of_int',
      'list(T).(T) int',
      (list: ListValue, item: Value) => BigInt([...list].findLastIndex((each) => equal(each, item))),
      onePass,
    ),
  ],
};

/** The order of two values of one comparable type; throws EvaluationError on others. */
export function compare(a: Value, b: Value): number {
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) ?? 0;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  if ((a instanceof Duration && b instanceof Duration) || (a instanceof Timestamp && b instanceof Timestamp)) {
    return compareNumbers(a.nanos, b.nanos) ?? 0;
  }
  throw new EvaluationError('no such overload');
}

function isSorted(list: ListValue): boolean {
  for (let i = 1; i < list.size; i++) if (compare(list.at(i - 1), list.at(i)) > 0) return false;
  return true;
}

function extreme(name: 'min' | 'max', sign: -1 | 1): (list: ListValue) => Value {
  return (list) => {
    if (list.size === 0) throw new EvaluationError(`${name} called on empty list`);
    return [...list].reduce((best, each) => (compare(each, best) * sign > 0 ? each : best));
  };
}

function plus(sum: Value, item: Value): Value {
  // Where the items are dyn, the first overload (int) is chosen: a zero of that type gives way to the items' own.
  const start = sum === 0n && !accepts(types.int, item) ? zeroOf(item) : sum;
  const add = standard['_+_']!.find(({ params }) => accepts(params[0]!, start) && accepts(params[1]!, item));
  if (!add) throw new EvaluationError('no such overload');
  return add.run(start, item);
}

function zeroOf(item: Value): Value {
  return Object.entries(summable).find(([type]) => accepts(types[type as 'int'], item))?.[1] ?? 0n;
}
