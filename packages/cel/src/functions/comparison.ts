import { sizeOf, traversal } from '../cost/factors.ts';
import { exactly, lesser, scale } from '../cost/range.ts';
import { compareBytes, compareNumbers, compareText, equal } from '../evaluate/equality.ts';
import {
  type Duration,
  type ListValue,
  type MapValue,
  Opaque,
  type Timestamp,
  type UInt,
  type Value,
} from '../values.ts';
import { type Library, type Overload, overload } from './overload.ts';

/** Comparing reads the shorter of the two. */
const comparing: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([a, b]) => Math.ceil(Math.min(sizeOf(a!), sizeOf(b!)) * traversal),
  estimate: ([a, b]) => {
    const max = lesser(a!.size.max, b!.size.max);
    return { cost: scale({ min: max > 0n ? 1n : 0n, max }, traversal) };
  },
};

/** Libraries' own values that are small, however they came to be. */
const small = ['kubernetes.Quantity', 'kubernetes.Semver', 'net.IP', 'net.CIDR'];

const equating: Pick<Overload, 'cost' | 'estimate'> = {
  cost: (args) => (args[0] instanceof Opaque ? 1 : comparing.cost!(args, true)),
  estimate: (args) => {
    const type = args[0]!.type;
    return type.is === 'opaque' && small.includes(type.name) ? { cost: exactly(1) } : comparing.estimate!(args);
  },
};

type Test = (order: number | undefined) => boolean;

/** The overloads of one of `< <= > >=`, with upstream's identifiers (`less_equals_string`). */
function ordering(name: string, test: Test): Overload[] {
  const numbers = ['int', 'uint', 'double'];
  const wide: Record<string, string> = { int: 'int64', uint: 'uint64', double: 'double' };
  const compare = (a: bigint | number | UInt, b: bigint | number | UInt) => test(compareNumbers(a, b));
  return [
    overload(`${name}_bool`, '(bool, bool) bool', (a: boolean, b: boolean) => test(Number(a) - Number(b))),
    ...numbers.flatMap((left) =>
      numbers.map((right) => {
        const id = left === right ? `${name}_${wide[left]}` : `${name}_${wide[left]}_${wide[right]}`;
        return overload(id, `(${left}, ${right}) bool`, compare);
      }),
    ),
    overload(`${name}_string`, '(string, string) bool', (a: string, b: string) => test(compareText(a, b)), comparing),
    overload(
      `${name}_bytes`,
      '(bytes, bytes) bool',
      (a: Uint8Array, b: Uint8Array) => test(compareBytes(a, b)),
      comparing,
    ),
    overload(`${name}_timestamp`, '(timestamp, timestamp) bool', (a: Timestamp, b: Timestamp) =>
      test(compareNumbers(a.nanos, b.nanos)),
    ),
    overload(`${name}_duration`, '(duration, duration) bool', (a: Duration, b: Duration) =>
      test(compareNumbers(a.nanos, b.nanos)),
    ),
  ];
}

/** Equality, order, membership and the logical operators. */
export const comparison: Library = {
  '_==_': [overload('equals', '(T, T) bool', equal, equating)],
  '_!=_': [overload('not_equals', '(T, T) bool', (a: Value, b: Value) => !equal(a, b), comparing)],
  '_<_': ordering('less', (order) => order !== undefined && order < 0),
  '_<=_': ordering('less_equals', (order) => order !== undefined && order <= 0),
  '_>_': ordering('greater', (order) => order !== undefined && order > 0),
  '_>=_': ordering('greater_equals', (order) => order !== undefined && order >= 0),
  '@in': [
    overload('in_list', '(T, list(T)) bool', (item: Value, list: ListValue) => contains(list, item), {
      cost: ([, list]) => sizeOf(list!),
      estimate: ([, list]) => ({ cost: list!.size }),
    }),
    overload('in_map', '(K, map(K, V)) bool', (key: Value, map: MapValue) => map.get(key) !== undefined),
  ],
  '!_': [overload('logical_not', '(bool) bool', (value: boolean) => !value)],
  // These four are evaluated by the program itself; here they are for the checker.
  '_&&_': [overload('logical_and', '(bool, bool) bool', (a: boolean, b: boolean) => a && b)],
  '_||_': [overload('logical_or', '(bool, bool) bool', (a: boolean, b: boolean) => a || b)],
  '_?_:_': [overload('conditional', '(bool, T, T) T', (test: boolean, yes: Value, no: Value) => (test ? yes : no))],
  '@not_strictly_false': [overload('not_strictly_false', '(bool) bool', (value: Value) => value !== false)],
};

/** Whether a list has an equal item. */
export function contains(list: ListValue, item: Value): boolean {
  for (const each of list) if (equal(each, item)) return true;
  return false;
}
