/** A least and a greatest size or cost. Upstream's are unsigned 64-bit integers that stick at their end; so do these. */
export interface Range {
  readonly min: bigint;
  readonly max: bigint;
}

export const most = 2n ** 64n - 1n;
export const unknown: Range = { min: 0n, max: most };

/** `Math.min` of bigints. */
export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

function greater(a: bigint, b: bigint): bigint {
  return a === lesser(a, b) ? b : a;
}

const cap = (value: bigint): bigint => (value > most ? most : value);

export const exactly = (value: number | bigint): Range => ({ min: BigInt(value), max: BigInt(value) });
export const add = (a: Range, b: Range): Range => ({ min: cap(a.min + b.min), max: cap(a.max + b.max) });
export const multiply = (a: Range, b: Range): Range => ({ min: cap(a.min * b.min), max: cap(a.max * b.max) });
export const union = (a: Range, b: Range): Range => ({
  min: lesser(a.min, b.min),
  max: greater(a.max, b.max),
});

/** Multiplied by a factor, rounded up. */
export const scale = (range: Range, factor: number): Range => ({
  min: scaled(range.min, factor),
  max: scaled(range.max, factor),
});

function scaled(value: bigint, factor: number): bigint {
  const result = Math.ceil(Number(value) * factor);
  return result >= 2 ** 64 ? most : BigInt(result);
}
