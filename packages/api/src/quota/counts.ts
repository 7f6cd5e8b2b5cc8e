import { Quantity } from '../meta/quantity.ts';
import type { Evaluator } from './evaluator.ts';

/** One object. */
export const one: Quantity = Quantity.fromNumber(1);

/** Objects that only are there: each counts one, under each of the names. */
export function countEvaluator(...names: readonly string[]): Evaluator {
  return {
    bounds: (name) => names.includes(name),
    usage: () => new Map(names.map((name) => [name, one])),
    byMetadata: true,
    charges: (operation, subresource) => operation === 'CREATE' && subresource === '',
  };
}
