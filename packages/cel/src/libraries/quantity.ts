import { messageOf } from '@coracle/api/meta/message-of';
import { Quantity } from '@coracle/api/meta/quantity';
import { readType } from '../check/type.ts';
import { reading, traversal } from '../cost/factors.ts';
import { scale } from '../cost/range.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { type Library, type Overload, overload } from '../functions/overload.ts';
import { Opaque } from '../values.ts';
import { succeeds } from './ip.ts';

const type = readType('kubernetes.Quantity');

/** A quantity as a value. */
class QuantityValue extends Opaque {
  override readonly type = type;
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }

  override equals(other: Opaque): boolean {
    return other instanceof QuantityValue && other.quantity.equals(this.quantity);
  }
}

function read(text: string): QuantityValue {
  try {
    return new QuantityValue(Quantity.parse(text));
  } catch (error) {
    throw new EvaluationError(messageOf(error));
  }
}

/** The whole number a quantity is; undefined for a fraction, or what does not fit an int. */
function whole({ quantity }: QuantityValue): bigint | undefined {
  const value = quantity.value();
  return quantity.equals(Quantity.fromNumber(value)) && BigInt.asIntN(64, value) === value ? value : undefined;
}

const parsing: Pick<Overload, 'cost' | 'estimate'> = {
  cost: ([text]) => reading(text!),
  estimate: ([text]) => ({ cost: scale(text!.size, traversal) }),
};
const of = (value: QuantityValue | bigint): Quantity =>
  typeof value === 'bigint' ? Quantity.fromNumber(value) : value.quantity;
const sum = (a: QuantityValue, b: QuantityValue | bigint) => new QuantityValue(a.quantity.add(of(b)));
const difference = (a: QuantityValue, b: QuantityValue | bigint) => new QuantityValue(a.quantity.sub(of(b)));
const q = 'kubernetes.Quantity';

/** Quantities (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library). */
export const quantity: Library = {
  quantity: [overload('string_to_quantity', `(string) ${q}`, read, parsing)],
  isQuantity: [overload('is_quantity_string', '(string) bool', (text: string) => succeeds(() => read(text)), parsing)],
  // Upstream documents it as a method, and declares it as a function.
  sign: [overload('quantity_sign', `(${q}) int`, ({ quantity: it }: QuantityValue) => BigInt(it.sign()))],
  isInteger: [overload('quantity_is_integer', `${q}.() bool`, (it: QuantityValue) => whole(it) !== undefined)],
  asInteger: [
    overload('quantity_get_int', `${q}.() int`, (it: QuantityValue) => {
      const value = whole(it);
      if (value === undefined) throw new EvaluationError('cannot convert value to integer');
      return value;
    }),
  ],
  asApproximateFloat: [
    overload('quantity_get_float', `${q}.() double`, ({ quantity: it }: QuantityValue) => it.toNumber()),
  ],
  isGreaterThan: [
    overload(
      'quantity_is_greater_than',
      `${q}.(${q}) bool`,
      (a: QuantityValue, b: QuantityValue) => a.quantity.cmp(b.quantity) > 0,
    ),
  ],
  isLessThan: [
    overload(
      'quantity_is_less_than',
      `${q}.(${q}) bool`,
      (a: QuantityValue, b: QuantityValue) => a.quantity.cmp(b.quantity) < 0,
    ),
  ],
  compareTo: [
    overload('quantity_compare_to', `${q}.(${q}) int`, (a: QuantityValue, b: QuantityValue) =>
      BigInt(a.quantity.cmp(b.quantity)),
    ),
  ],
  add: [overload('quantity_add', `${q}.(${q}) ${q}`, sum), overload('quantity_add_int', `${q}.(int) ${q}`, sum)],
  sub: [
    overload('quantity_sub', `${q}.(${q}) ${q}`, difference),
    overload('quantity_sub_int', `${q}.(int) ${q}`, difference),
  ],
};
