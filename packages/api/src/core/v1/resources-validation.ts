import type { ResourceClaim, ResourceRequirements } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notFound,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { Quantity } from '../../meta/quantity.ts';
import { isExtendedName, isHugePages, validateContainerResourceName } from './quota-names.ts';

/** What checks the name of a resource, at the amount that is asked of it. */
export type NameCheck = (name: string, at: Path) => FieldError[];

/** Whether a resource is Kubernetes' own: cpu, memory, and what is in its domain. */
const isNative = (name: string) => !name.includes('/') || name.includes('kubernetes.io/');

/** Whether more of it may be limited than requested: of whole things (devices) and of huge pages both amounts are the same. */
export const isOvercommitted = (name: string) => isNative(name) && !isHugePages(name);

/** Errors of the requests and limits of a container, or of what `checkName` is for. */
export function validateResources(
  resources: ResourceRequirements,
  at: Path,
  checkName: NameCheck = validateContainerName,
): FieldError[] {
  const errors: FieldError[] = [];
  const { limits = {}, requests = {} } = resources;
  for (const name in limits)
    append(errors, validateAmount(name, limits[name]!, at.child('limits').key(name), checkName));
  for (const name in requests) {
    const request = requests[name]!;
    append(errors, validateAmount(name, request, at.child('requests').key(name), checkName));
    // Names are anybody's: none is to be found in what every object has.
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (limit === undefined) {
      if (!isOvercommitted(name))
        errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'));
      continue;
    }
    const order = Quantity.parse(request).cmp(Quantity.parse(limit));
    if (order !== 0 && !isOvercommitted(name))
      errors.push(invalid(at.child('requests'), request, `must be equal to ${name} limit of ${limit}`));
    else if (order > 0)
      errors.push(invalid(at.child('requests'), request, `must be less than or equal to ${name} limit of ${limit}`));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    errors.push(forbidden(at, 'HugePages require cpu or memory'));
  return errors;
}

function validateContainerName(name: string, at: Path): FieldError[] {
  const errors = validateContainerResourceName(name, at);
  if (errors.length > 0 || isNative(name) || isExtendedName(name)) return errors;
  return [invalid(at, name, "doesn't follow extended resource name standard")];
}

function validateAmount(name: string, text: string, at: Path, checkName: NameCheck): FieldError[] {
  const errors = checkName(name, at);
  const amount = Quantity.parse(text);
  if (amount.sign() < 0) errors.push(invalid(at, text, 'must be greater than or equal to 0'));
  if (isExtendedName(name) && amount.milliValue() % 1000n !== 0n) errors.push(invalid(at, text, 'must be an integer'));
  if (isHugePages(name) && !isMultiple(amount, name.slice('hugepages-'.length)))
    errors.push(invalid(at, text, `${text} is not positive integer multiple of ${name}`));
  return errors;
}

/** Whether an amount of memory is made of whole pages; no amount is of pages whose size is no quantity. */
function isMultiple(amount: Quantity, page: string): boolean {
  try {
    const size = Quantity.parse(page).milliValue();
    return size > 0n && amount.milliValue() > 0n && amount.milliValue() % size === 0n;
  } catch {
    return false;
  }
}

/** Errors of the claims a container uses (KEP-4381); `known` are the names of its pod's. */
export function validateClaimNames(
  claims: readonly ResourceClaim[] | undefined,
  known: readonly string[],
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = '' }] of (claims ?? []).entries()) {
    const path = at.index(i);
    if (name === '') {
      errors.push(required(path));
      continue;
    }
    if (names.has(name)) errors.push(duplicate(path, name));
    names.add(name);
    if (known.includes(name)) continue;
    const all = known.length === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`;
    errors.push(notFound(path, name, `must be one of the names in pod.spec.resourceClaims${all}`));
  }
  return errors;
}
