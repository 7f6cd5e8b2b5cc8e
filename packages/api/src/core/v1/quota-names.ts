import { type FieldError, invalid, type Path } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';

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
const isStandardQuotaName = (name: string): boolean =>
  standard.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');

/** Whether it is a device or another countable thing that a driver brings: a name in a domain that is not Kubernetes' own. */
export function isExtendedName(name: string): boolean {
  if (!name.includes('/') || name.includes('kubernetes.io/') || name.startsWith('requests.')) return false;
  return isQualifiedName(`requests.${name}`).length === 0;
}

/** Errors of a resource's name in a range of limits for containers and pods. */
export function validateContainerResourceName(name: string, at: Path): FieldError[] {
  const errors = isQualifiedName(name).map((message) => invalid(at, name, message));
  if (errors.length > 0 || name.includes('/') || containers.has(name) || isHugePages(name)) return errors;
  const known = isStandardQuotaName(name) || name === 'storage';
  return [
    ...(known ? [] : [invalid(at, name, 'must be a standard resource type or fully qualified')]),
    invalid(at, name, 'must be a standard resource for containers'),
  ];
}
