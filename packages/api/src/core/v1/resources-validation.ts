import type { ResourceRequirements } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, invalid, type Path, required } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { Quantity } from '../../meta/quantity.ts';

const standard = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage', 'pods']);
const overcommitted = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Whether the resource counts whole things and its request must equal its limit (huge pages, devices). */
export const isExtended = (name: string) => !standard.has(name) && !name.startsWith('hugepages-');

/** Errors of a container's requests and limits. */
export function validateResources(resources: ResourceRequirements | undefined, at: Path): FieldError[] {
  if (!resources) return [];
  const errors = [
    ...amounts(resources.limits, at.child('limits')),
    ...amounts(resources.requests, at.child('requests')),
  ];
  if (errors.length > 0) return errors;
  const limits = resources.limits ?? {};
  for (const [name, text] of Object.entries(resources.requests ?? {})) {
    const path = at.child('requests');
    const limit = limits[name];
    if (limit === undefined) {
      if (!overcommitted.has(name))
        errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'));
      continue;
    }
    const order = Quantity.parse(text).cmp(Quantity.parse(limit));
    if (overcommitted.has(name)) {
      if (order > 0) errors.push(invalid(path, text, `must be less than or equal to ${name} limit of ${limit}`));
    } else if (order !== 0) {
      errors.push(invalid(path, text, `must be equal to ${name} limit of ${limit}`));
    }
  }
  const hugePages = Object.keys(limits).some((name) => name.startsWith('hugepages-'));
  const named = { ...limits, ...resources.requests };
  if (hugePages && named['cpu'] === undefined && named['memory'] === undefined) {
    errors.push(forbidden(at, 'HugePages require cpu or memory'));
  }
  return errors;
}

/** Errors of a list of amounts by resource name. */
export function amounts(list: Record<string, string> | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, text] of Object.entries(list ?? {})) {
    const path = at.key(name);
    for (const message of isQualifiedName(name)) errors.push(invalid(at, name, message));
    if (!name.includes('/') && isExtended(name) && !name.startsWith('requests.')) {
      errors.push(
        invalid(path, name, 'must be a standard resource type or fully qualified'),
        invalid(path, name, 'must be a standard resource for containers'),
      );
    }
    const amount = Quantity.parse(text);
    if (amount.sign() < 0) errors.push(invalid(path, text, 'must be greater than or equal to 0'));
    else if (isExtended(name) && name.includes('/') && amount.milliValue() % 1000n !== 0n)
      errors.push(invalid(path, text, 'must be an integer'));
  }
  return errors;
}
