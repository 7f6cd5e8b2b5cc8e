import type { PodResourceClaim, PodSpec } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';
import { Quantity } from '../../meta/quantity.ts';
import { podResources } from './pod-resources.ts';
import { isHugePages, validateContainerResourceName } from './quota-names.ts';
import { validateResources } from './resources-validation.ts';

/** Errors of the resource claims of a pod (KEP-4381); `podName` is empty where it has none yet. */
export function validatePodClaims(
  claims: readonly PodResourceClaim[] | undefined,
  podName: string,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, claim] of (claims ?? []).entries()) {
    const path = at.index(i);
    const { name, resourceClaimName: claimed, resourceClaimTemplateName: template } = claim;
    if (!name) errors.push(required(path.child('name')));
    else if (names.has(name)) errors.push(duplicate(path.child('name'), name));
    else {
      const wrong = malformed(path.child('name'), name, isDns1123Label);
      const made = `${podName}-${name}`;
      if (wrong.length === 0 && podName !== '' && template !== undefined) {
        for (const message of isDns1123Subdomain(made))
          wrong.push(invalid(path.child('name'), made, `final ResourceClaim name: ${message}`));
      }
      append(errors, wrong);
      names.add(name);
    }
    const refuse = (detail: string) => errors.push(invalid(path, goForm('core/v1.PodResourceClaim', claim), detail));
    if (claimed !== undefined && template !== undefined)
      refuse('at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified');
    if (claimed === undefined && template === undefined)
      refuse('must specify one of: `resourceClaimName`, `resourceClaimTemplateName`');
    if (claimed !== undefined) append(errors, malformed(path.child('resourceClaimName'), claimed, isDns1123Subdomain));
    if (template !== undefined)
      append(errors, malformed(path.child('resourceClaimTemplateName'), template, isDns1123Subdomain));
  }
  return errors;
}

/** Whether a pod as a whole can ask for it. */
export const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || isHugePages(name);

/** Errors of what a pod as a whole asks for (KEP-2837): it is no less than what its containers do; `at` is where the resources are. */
export function validatePodResources(spec: PodSpec, at: Path): FieldError[] {
  const { resources } = spec;
  if (!resources) return [];
  const errors: FieldError[] = (resources.claims ?? []).map(({ name }) =>
    forbidden(at.child('claims').key(name), 'claims cannot be set for Resources at pod-level'),
  );
  append(errors, validateResources(resources, at, validatePodResourceName));
  const { requests = {}, limits = {} } = resources;
  for (const [name, sum] of podResources({ ...spec, resources: undefined, overhead: undefined }, 'requests')) {
    if (!isPodLevel(name)) continue;
    const request = requests[name] ?? '0';
    if (sum.cmp(Quantity.parse(request)) <= 0) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${sum.toString()}`;
    errors.push(invalid(at.child('requests').key(name), request, detail));
  }
  for (const container of spec.containers ?? []) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const most = Object.hasOwn(limits, name) ? limits[name] : undefined;
      if (most === undefined || Quantity.parse(limit).cmp(Quantity.parse(most)) <= 0) continue;
      const detail = `must be greater than or equal to container limits of ${limit}`;
      errors.push(invalid(at.child('limits').key(name), most, detail));
    }
  }
  return errors;
}

function validatePodResourceName(name: string, at: Path): FieldError[] {
  if (isPodLevel(name)) return [];
  const errors = validateContainerResourceName(name, at);
  return [...errors, notSupported(at, name, ['cpu', 'memory'])];
}
