import { ListValue, lengthOf, MapValue, Opaque, type Value } from '../values.ts';

/** Costs of the language, in the units of upstream's interpreter: one unit is about 50 ns there. */
export const traversal = 0.1;
export const regexFactor = 0.25;
export const listCreation = 10;
export const mapCreation = 30;
export const structCreation = 40;

/** `size()` of a value that has one; 1 of any other. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return lengthOf(value);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof ListValue || value instanceof MapValue) return value.size;
  if (value instanceof Opaque) return value.size ?? 1;
  return 1;
}

/** The cost of reading a value once: a tenth of its size, rounded up. */
export const reading = (value: Value, times = 1): number => Math.ceil(sizeOf(value) * times * traversal);
