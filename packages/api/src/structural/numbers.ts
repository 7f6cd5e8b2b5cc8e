import { goFloat } from '../codec/go-text.ts';
import type { JSONSchemaProps } from '../generated/apiextensions/v1.ts';
import type { Walk } from './walk.ts';

type Numeric = number | bigint;

/** Integers are counted exactly, in 64 bits; all other numbers are float64. */
const isInt = (value: Numeric): boolean =>
  typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);

/** A number as messages show it. */
const shown = (value: Numeric): string => (isInt(value) ? String(value) : goFloat(Number(value)));

/** A bound as it is compared with a value: with an integer, it loses what is after its point. */
const boundFor = (value: Numeric, bound: number): Numeric =>
  isInt(value) && Number.isFinite(bound) ? BigInt(Math.trunc(bound)) : bound;

/** Compiles the checks of numbers: the range of the type and format, which the bounds of the schema must be in too, and those bounds. */
export function numberCheck(props: JSONSchemaProps): (value: Numeric, walk: Walk) => void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = props;
  const range = rangeCheck(props);
  /** A bound as it is compared: one that is not of the type, which is told of, as it stands. */
  const fitted = (what: string, bound: number, value: Numeric, walk: Walk) =>
    (range?.(what, bound, walk) ?? true) ? boundFor(value, bound) : bound;
  return (value, walk) => {
    range?.('Checked', value, walk);
    if (multipleOf !== undefined) {
      const factor = fitted('MultipleOf', multipleOf, value, walk);
      if (factor <= 0)
        walk.plain(`factor MultipleOf declared for ${walk.name} must be positive: ${shown(factor)}`, factor);
      else if (!isMultiple(value, factor)) walk.invalid(value, `should be a multiple of ${shown(factor)}`);
    }
    if (minimum !== undefined) {
      const bound = fitted('Minimum boundary', minimum, value, walk);
      if (exclusiveMinimum ? value <= bound : value < bound) {
        walk.invalid(value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${shown(bound)}`);
      }
    }
    if (maximum !== undefined) {
      const bound = fitted('Maximum boundary', maximum, value, walk);
      if (exclusiveMaximum ? value >= bound : value > bound) {
        walk.invalid(value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${shown(bound)}`);
      }
    }
  };
}

const greatestFloat32 = 3.4028234663852886e38;

/** Whether a number is of the type and format, where they say a range; what is not is told of. */
function rangeCheck({
  type,
  format,
  'x-kubernetes-int-or-string': intOrString,
}: JSONSchemaProps): ((what: string, value: Numeric, walk: Walk) => boolean) | undefined {
  if (intOrString) return undefined;
  const check = (wrong: (value: Numeric) => boolean, name: string) => (what: string, value: Numeric, walk: Walk) => {
    const isWrong = wrong(value);
    if (isWrong) walk.whole(`${what} value must be of type ${type} ${name} in ${walk.name}`);
    return !isWrong;
  };
  if (type === 'number' && format === 'float') {
    return check((value) => Math.abs(Number(value)) > greatestFloat32, 'with format float');
  }
  if (type !== 'integer') return undefined;
  const bits = format === 'int32' ? 32 : 64;
  const known = format === 'int32' || format === 'int64';
  return check(
    (value) => !isIntegral(value) || BigInt.asIntN(bits, BigInt(value)) !== BigInt(value),
    known ? `with format ${format}` : '(default format)',
  );
}

const isIntegral = (value: Numeric): boolean => typeof value === 'bigint' || Number.isInteger(value);

function isMultiple(value: Numeric, factor: Numeric): boolean {
  if (typeof factor === 'bigint') return BigInt(value) % factor === 0n;
  const quotient = factor < 1 ? (1 / factor) * Number(value) : Number(value) / factor;
  return isNearlyInteger(quotient);
}

/** Whether a float64 is an integer that JSON can carry, but for errors of calculation. */
export function isNearlyInteger(value: number): boolean {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return false;
  const whole = Math.trunc(value);
  return value === whole || Math.abs(value - whole) / (Math.abs(value) + Math.abs(whole)) < 1e-9;
}
