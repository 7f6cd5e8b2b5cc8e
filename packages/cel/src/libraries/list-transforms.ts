import type { SizedNode } from '../cost/estimate.ts';
import { listCreation, sizeOf, traversal } from '../cost/factors.ts';
import { add, exactly, multiply, type Range, scale } from '../cost/range.ts';
import { equal } from '../evaluate/equality.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { ArrayList, ListValue, type Value } from '../values.ts';
import { compare } from './lists.ts';

type Costs = Pick<Overload, 'cost' | 'estimate'>;

/** A call, and the list it makes. */
const making = 1 + listCreation;
const madeOf = (size: Range, factor = 1, result = size) => ({
  cost: add(scale(size, factor), exactly(making)),
  size: result,
});

const output: Costs['cost'] = (_, result) => sizeOf(result) + making;

/** Each item is held against each other one; texts are read for it. */
const perPair = 2;
const selfCompare = (list: ListValue): number => {
  const first = list.size > 0 ? list.at(0) : undefined;
  const reads = typeof first === 'string' || first instanceof Uint8Array ? traversal : 0;
  return Math.floor(list.size * list.size * (perPair + reads)) + making;
};
const selfCompareEstimate = ({ size, item }: SizedNode) => {
  const reads = item?.type.is === 'string' || item?.type.is === 'bytes' ? traversal : 0;
  const pairs = multiply(size, size);
  return madeOf(pairs, perPair + reads, pairs);
};

/** What an argument says, if it is written out; nothing is less than nothing. */
function literalOf({ expr }: SizedNode): bigint | undefined {
  if (expr.is !== 'literal' || typeof expr.value !== 'bigint') return undefined;
  return expr.value < 0n ? 0n : expr.value;
}

/** The numbers below one, which are made as they are asked for. */
class Numbers extends ListValue {
  override readonly size: number;

  constructor(size: number) {
    super();
    this.size = size;
  }

  override at(index: number): Value {
    return BigInt(index);
  }
}

function range(n: bigint): ListValue {
  if (n < 0n) throw new EvaluationError(`lists.range: size must be non-negative, got ${n}`);
  return new Numbers(Number(n));
}

function slice(list: ListValue, start: bigint, end: bigint): ListValue {
  const refuse = (why: string) => new EvaluationError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) throw refuse('negative indexes not supported');
  if (start > end) throw refuse('start index must be less than or equal to end index');
  if (end > BigInt(list.size)) throw refuse(`list is length ${list.size}`);
  return new ArrayList([...list].slice(Number(start), Number(end)));
}

function flatten(list: ListValue, depth: bigint): Value[] {
  if (depth < 0n) throw new EvaluationError('level must be non-negative');
  return [...list].flatMap((each) => (each instanceof ListValue && depth > 0n ? flatten(each, depth - 1n) : [each]));
}

function distinct(list: ListValue): ListValue {
  const found: Value[] = [];
  for (const item of list) if (!found.some((each) => equal(item, each))) found.push(item);
  return new ArrayList(found);
}

function sortedBy(list: ListValue, keys: ListValue): ListValue {
  const by = [...keys];
  const order = by.map((_, i) => i).sort((a, b) => compare(by[a]!, by[b]!));
  return new ArrayList(order.map((i) => list.at(i)));
}

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

/** Functions that make lists of lists, in version 3 of the language's extension (https://pkg.go.dev/github.com/google/cel-go/ext#Lists). */
export const listTransforms: Library = {
  'lists.range': [
    overload('lists_range', '(int) list(int)', range, {
      cost: output,
      estimate: ([n]) => madeOf(exactly(literalOf(n!) ?? 2n ** 64n - 1n)),
    }),
  ],
  slice: [
    overload('list_slice', 'list(T).(int, int) list(T)', slice, {
      cost: output,
      estimate: ([list, start, end]) => {
        const size = (literalOf(end!) ?? list!.size.max) - (literalOf(start!) ?? 0n);
        return madeOf(exactly(BigInt.asUintN(64, size)));
      },
    }),
  ],
  flatten: [
    overload('list_flatten', 'list(list(T)).() list(T)', (list: ListValue) => new ArrayList(flatten(list, 1n)), {
      cost: ([list]) => sizeOf(list!) + making,
      estimate: ([list]) => madeOf(list!.size),
    }),
    overload(
      'list_flatten_int',
      'list(dyn).(int) list(dyn)',
      (list: ListValue, depth: bigint) => new ArrayList(flatten(list, depth)),
      {
        cost: ([list, depth]) => sizeOf(list!) * Number(depth) + making,
        estimate: ([list, depth]) => madeOf(list!.size, Number(literalOf(depth!) ?? 1n)),
      },
    ),
  ],
  sort: comparable.map((type) =>
    overload(`list_${type}_sort`, `list(${type}).() list(${type})`, (list: ListValue) => sortedBy(list, list), {
      cost: ([list]) => selfCompare(list as ListValue),
      estimate: ([list]) => selfCompareEstimate(list!),
    }),
  ),
  // What the macro `sortBy` becomes.
  '@sortByAssociatedKeys': comparable.map((type) =>
    overload(`list_${type}_sortByAssociatedKeys`, `list(T).(list(${type})) list(T)`, sortedBy, {
      cost: ([, keys]) => selfCompare(keys as ListValue),
      estimate: ([, keys]) => selfCompareEstimate(keys!),
    }),
  ),
  reverse: [
    overload('list_reverse', 'list(T).() list(T)', (list: ListValue) => new ArrayList([...list].reverse()), {
      cost: output,
      estimate: ([list]) => madeOf(list!.size),
    }),
  ],
  distinct: [
    overload('list_distinct', 'list(T).() list(T)', distinct, {
      cost: ([list]) => selfCompare(list as ListValue),
      estimate: ([list]) => selfCompareEstimate(list!),
    }),
  ],
};
