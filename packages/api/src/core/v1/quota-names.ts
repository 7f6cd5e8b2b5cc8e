import { type FieldError, invalid, malformed, type Path } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { Quantity } from '../../meta/quantity.ts';

/** Kinds of the core group that are counted under their bare names; all kinds are under `count/<resource>.<group>`. */
const plainCounts: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);

const whole = new Set([...plainCounts, 'services.loadbalancers', 'services.nodeports']);
const computed = ['cpu', 'memory', 'ephemeral-storage'];
const standard = new Set([
  ...computed.flatMap((each) => [each, `requests.${each}`, `limits.${each}`]),
  'requests.storage',
  ...whole,
]);
const containers = new Set(computed);

/** Whether a name is one of huge pages: `hugepages-2Mi`. */
export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');

/** Whether a quota may bound it under a name without a domain. */
export const isStandardQuotaName = (name: string): boolean =>
  standard.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');

/** Whether it is a device or another countable thing that a driver brings: a name in a domain that is not Kubernetes' own. */
export function isExtendedName(name: string): boolean {
  if (!name.includes('/') || name.includes('kubernetes.io/') || name.startsWith('requests.')) return false;
  return isQualifiedName(`requests.${name}`).length === 0;
}

/** Errors of the amounts a quota bounds, or reports, by resource name. */
export function validateQuotaAmounts(list: Record<string, string> | undefined, at: Path): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, text]) => {
    const path = at.key(name);
    const errors = validateResourceName(name, path);
    if (!name.includes('/') && !isStandardQuotaName(name)) {
      errors.push(invalid(path, name, 'must be a standard resource for quota'));
    }
    const amount = Quantity.parse(text);
    if (amount.sign() < 0) errors.push(invalid(path, amount.toString(), 'must be greater than or equal to 0'));
    const integer = whole.has(name) || isExtendedName(name);
    if (integer && amount.milliValue() % 1000n !== 0n) {
      errors.push(invalid(path, amount.toString(), 'must be an integer'));
    }
    return errors;
  });
}

/** Errors of a resource's name in a range of limits for containers and pods. */
export function validateContainerResourceName(name: string, at: Path): FieldError[] {
  const errors = validateResourceName(name, at);
  if (name.includes('/') || containers.has(name) || isHugePages(name)) return errors;
  return [...errors, invalid(at, name, 'must be a standard resource for containers')];
}

function validateResourceName(name: string, at: Path): FieldError[] {
  const errors = malformed(at, name, isQualifiedName);
  if (errors.length > 0 || name.includes('/') || isStandardQuotaName(name) || name === 'storage') return errors;
  return [invalid(at, name, 'must be a standard resource type or fully qualified')];
}
