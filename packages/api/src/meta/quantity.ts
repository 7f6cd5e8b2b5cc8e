import { binarySuffixes, decimalSuffixes, type Format, numericError, readQuantity } from './quantity-text.ts';

export type { Format } from './quantity-text.ts';

const maxInt64 = 2n ** 63n - 1n;
const powers10: readonly bigint[] = Array.from({ length: 40 }, (_, i) => 10n ** BigInt(i));
const power10 = (exponent: number): bigint => powers10[exponent] ?? 10n ** BigInt(exponent);

/** `a / b` rounded away from zero: who asks for a little of a resource gets some. */
function divideAway(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  if (quotient * b === a) return quotient;
  return a < 0n ? quotient - 1n : quotient + 1n;
}

/**
 * An amount of a resource (`500m`, `1Gi`): an exact decimal of at most nine places, which remembers the notation it was written in.
 * Immutable. The value is `#units * 10^-#places`, in as few places (0, 3, 6 or 9) as it was made with; units are a plain number as
 * long as they are a safe integer, which is nearly always, and a bigint beyond.
 */
export class Quantity {
  readonly #units: number | bigint;
  readonly #places: number;
  readonly format: Format;
  #text: string | undefined;

  private constructor(units: number | bigint, places: number, format: Format) {
    this.#units = units;
    this.#places = places;
    this.format = format;
  }

  static readonly zero: Quantity = new Quantity(0, 0, 'DecimalSI');

  /** Reads a quantity's text (or a JSON number's); throws with upstream's message. Values below a billionth round up to one. */
  static parse(source: string | number | bigint): Quantity {
    const text = typeof source === 'string' ? source : String(source);
    const known = parsed.get(text);
    if (known) return known;
    const quantity = Quantity.#read(text);
    // Quantities repeat endlessly (100m, 128Mi); the bound keeps hostile input from growing the table.
    if (parsed.size >= 4096) parsed.clear();
    parsed.set(text, quantity);
    return quantity;
  }

  static #read(source: string): Quantity {
    const { negative, digits, scale, binary, format } = readQuantity(source.trim());
    const digitsOnly = digits === '' ? '0' : digits;
    let units = BigInt(digitsOnly);
    if (units === 0n) return new Quantity(0, 0, format);
    if (binary > 0) units <<= BigInt(binary);
    const places = scale <= 0 ? 0 : scale <= 3 ? 3 : scale <= 6 ? 6 : 9;
    units = scale <= places ? units * power10(places - scale) : divideAway(units, power10(scale - places));
    if (format !== 'BinarySI') return Quantity.#of(negative ? -units : units, places, format);
    const one = power10(places);
    if (units > maxInt64 * one) units = maxInt64 * one;
    // A fraction of a byte has no binary notation.
    return Quantity.#of(negative ? -units : units, places, units < one ? 'DecimalSI' : format);
  }

  static #of(units: bigint, places: number, format: Format): Quantity {
    const small = Number(units);
    return new Quantity(Number.isSafeInteger(small) ? small : units, places, format);
  }

  /** A whole number of units (bytes, cores, pods). */
  static fromNumber(value: number | bigint, format: Format = 'DecimalSI'): Quantity {
    if (typeof value === 'bigint') return Quantity.#of(value, 0, format);
    if (!Number.isSafeInteger(value)) throw new Error(numericError);
    return new Quantity(value, 0, format);
  }

  /** A whole number of thousandths (millicores). */
  static fromMilli(value: number | bigint, format: Format = 'DecimalSI'): Quantity {
    if (typeof value === 'bigint') return Quantity.#of(value, 3, format);
    if (!Number.isSafeInteger(value)) throw new Error(numericError);
    return value % 1000 === 0 ? new Quantity(value / 1000, 0, format) : new Quantity(value, 3, format);
  }

  #unitsAt(places: number): bigint {
    return BigInt(this.#units) * power10(places - this.#places);
  }

  /** The sum; in this one's notation, or the other's when this is zero. */
  add(other: Quantity): Quantity {
    const format = this.isZero() ? other.format : this.format;
    if (this.#places === other.#places && typeof this.#units === 'number' && typeof other.#units === 'number') {
      const sum = this.#units + other.#units;
      if (Number.isSafeInteger(sum)) return new Quantity(sum, this.#places, format);
    }
    const places = Math.max(this.#places, other.#places);
    return Quantity.#of(this.#unitsAt(places) + other.#unitsAt(places), places, format);
  }

  /** The difference; in this one's notation, or the other's when this is zero. */
  sub(other: Quantity): Quantity {
    return this.add(other.neg());
  }

  neg(): Quantity {
    return new Quantity(this.#units === 0 ? 0 : -this.#units, this.#places, this.format);
  }

  /** This many times over; `factor` is a whole number. */
  times(factor: number | bigint): Quantity {
    if (typeof factor === 'number' && typeof this.#units === 'number') {
      const product = this.#units * factor;
      if (Number.isSafeInteger(product)) return new Quantity(product, this.#places, this.format);
    }
    return Quantity.#of(BigInt(this.#units) * BigInt(factor), this.#places, this.format);
  }

  /** Rounded away from zero to whole thousandths, as resource lists are when they are decoded. */
  roundUpToMilli(): Quantity {
    return this.#places <= 3 ? this : Quantity.#of(this.milliValue(), 3, this.format);
  }

  /** -1, 0 or 1: less than, as much as, more than the other. Notations do not matter. */
  cmp(other: Quantity): -1 | 0 | 1 {
    let a: number | bigint = this.#units;
    let b: number | bigint = other.#units;
    if (this.#places !== other.#places) {
      const places = Math.max(this.#places, other.#places);
      a = this.#unitsAt(places);
      b = other.#unitsAt(places);
    }
    return a < b ? -1 : a > b ? 1 : 0;
  }

  equals(other: Quantity): boolean {
    return this.cmp(other) === 0;
  }

  isZero(): boolean {
    return this.#units === 0;
  }

  sign(): -1 | 0 | 1 {
    return this.#units > 0 ? 1 : this.#units < 0 ? -1 : 0;
  }

  /** In whole units, rounded away from zero. */
  value(): bigint {
    return divideAway(BigInt(this.#units), power10(this.#places));
  }

  /** In thousandths, rounded away from zero. */
  milliValue(): bigint {
    return this.#places <= 3 ? this.#unitsAt(3) : divideAway(BigInt(this.#units), power10(this.#places - 3));
  }

  /** As `value`, as a plain number: exact up to 2^53. */
  valueNumber(): number {
    if (this.#places === 0) return Number(this.#units);
    return Number(this.value());
  }

  /** As `milliValue`, as a plain number: exact up to 2^53. */
  milliNumber(): number {
    if (typeof this.#units === 'number') {
      if (this.#places === 3) return this.#units;
      if (this.#places === 0) return this.#units * 1000;
    }
    return Number(this.milliValue());
  }

  /** The nearest floating point number. */
  toNumber(): number {
    return this.#places === 0 ? Number(this.#units) : Number(this.#units) / 10 ** this.#places;
  }

  /** Canonical form: no fraction, the largest suffix that keeps the value whole. */
  toString(): string {
    this.#text ??= this.#print();
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  #print(): string {
    if (this.#units === 0) return '0';
    if (this.format === 'BinarySI') {
      const unit = power10(this.#places);
      const units = BigInt(this.#units);
      const whole = units / unit;
      const large = units <= -1024n * unit || units >= 1024n * unit;
      // A value that binary notation would round, or that it has no suffix for, is shown in decimal.
      if (large && whole * unit === units) return printBinary(whole);
    }
    return printDecimal(this.#units, this.#places, this.format === 'DecimalExponent' ? 'DecimalExponent' : 'DecimalSI');
  }
}

const parsed = new Map<string, Quantity>();

function printBinary(value: bigint): string {
  let rest = value;
  let exponent = 0;
  while (exponent < binarySuffixes.length - 1 && (rest & 1023n) === 0n) {
    rest >>= 10n;
    exponent++;
  }
  return `${rest}${binarySuffixes[exponent]}`;
}

function printDecimal(units: number | bigint, places: number, format: Format): string {
  const text = String(units);
  let end = text.length;
  while (text.charCodeAt(end - 1) === 48) end--;
  // value = mantissa * 10^exponent, without trailing zeros; then the exponent goes down to a multiple of three.
  const exponent = text.length - end - places;
  let target = Math.floor(exponent / 3) * 3;
  if (format === 'DecimalSI' && target > 18) target = 18;
  const mantissa = text.slice(0, end) + '0'.repeat(exponent - target);
  if (format === 'DecimalSI') return mantissa + decimalSuffixes.get(target)!;
  return target === 0 ? mantissa : `${mantissa}e${target}`;
}
