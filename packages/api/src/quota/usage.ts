import type { ResourceQuotaSpec } from '../generated/core/v1.ts';
import type { KubeObject } from '../kind.ts';
import { Quantity } from '../meta/quantity.ts';
import { type Amounts, addResources } from '../meta/resources.ts';
import type { Evaluator } from './evaluator.ts';
import { scopeTerms } from './scopes.ts';

/** The names of a quota's bounds that hold for an object; none where it is not in the quota's scopes. */
export function boundNames(
  evaluator: Evaluator,
  spec: ResourceQuotaSpec,
  hard: Readonly<Record<string, string>>,
  object: KubeObject,
): string[] {
  const names = Object.keys(hard).filter((name) => evaluator.bounds(name));
  if (names.length === 0) return names;
  return scopeTerms(spec).every((term) => evaluator.inScope?.(object, term)) ? names : [];
}

/** What objects of one resource use together of what a quota bounds, at a time in milliseconds since 1970. */
export function totalUsage(
  evaluator: Evaluator,
  spec: ResourceQuotaSpec,
  objects: Iterable<KubeObject>,
  now: number,
): Amounts {
  const names = Object.keys(spec.hard ?? {}).filter((name) => evaluator.bounds(name));
  const total: Amounts = new Map(names.map((name) => [name, Quantity.zero]));
  if (names.length === 0) return total;
  const terms = scopeTerms(spec);
  for (const object of objects) {
    if (terms.every((term) => evaluator.inScope?.(object, term)))
      addResources(total, masked(evaluator.usage(object, now), names));
  }
  return total;
}

/** The amounts of the names alone. */
export function masked(amounts: Amounts, names: readonly string[]): Amounts {
  const found: Amounts = new Map();
  for (const name of names) {
    const amount = amounts.get(name);
    if (amount) found.set(name, amount);
  }
  return found;
}
