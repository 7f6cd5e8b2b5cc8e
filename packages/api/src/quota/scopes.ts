import type { ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../generated/core/v1.ts';

/** All scopes a quota has, whichever way they are written: an object has to be in each of them. */
export function scopeTerms({ scopes = [], scopeSelector }: ResourceQuotaSpec): ScopedResourceSelectorRequirement[] {
  const bare = scopes.map((scopeName) => ({ scopeName, operator: 'Exists' as const }));
  return [...bare, ...(scopeSelector?.matchExpressions ?? [])];
}

/** Whether one of an object's values of a scope is selected; without any, what excludes values selects it. */
export function selects(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  names: readonly string[],
): boolean {
  if (operator === 'Exists') return names.length > 0;
  if (operator === 'DoesNotExist') return names.length === 0;
  if (operator === 'In') return names.some((name) => values.includes(name));
  return names.length === 0 || names.some((name) => !values.includes(name));
}
