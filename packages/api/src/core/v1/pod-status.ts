import { isIPv4 } from 'node:net';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, forbidden, invalid, malformed, type Path } from '../../meta/field-path.ts';
import { isDns1123Subdomain, isIp, isQualifiedName } from '../../meta/names.ts';
import { validatePodAnnotations, validatePodAnnotationsUpdate } from './pod-annotations.ts';

const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

/** Errors of a change through the status subresource. */
export function validatePodStatusUpdate(it: Pod, old: Pod, at: Path): FieldError[] {
  const [status, before] = [it.status ?? {}, old.status ?? {}];
  const path = at.child('status');
  const annotations = at.child('metadata.annotations');
  const errors = [...validatePodAnnotationsUpdate(it, old, annotations), ...validatePodAnnotations(it, annotations)];
  for (const [i, { type = '' }] of (status.conditions ?? []).entries()) {
    // The path is upstream's.
    if (!systemConditions.has(type))
      append(errors, malformed(at.child('metadata.conditions').index(i).child('Condition'), type, isQualifiedName));
  }
  const nominated = status.nominatedNodeName;
  if (nominated && nominated !== before.nominatedNodeName)
    append(errors, malformed(path.child('nominatedNodeName'), nominated, isDns1123Subdomain));
  append(errors, validateTransitions(status, before, it.spec, path));
  append(errors, validateClaims(status, it.spec, path.child('resourceClaimStatuses')));
  append(errors, validateAddresses(status.podIPs ?? [], before.podIPs ?? [], path.child('podIPs')));
  append(errors, validateAddresses(status.hostIPs ?? [], before.hostIPs ?? [], path.child('hostIPs')));
  return errors;
}

/** What has ended for good does not run again. */
function validateTransitions(status: PodStatus, old: PodStatus, spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [list, containers] of [
    ['containerStatuses', spec.containers],
    ['initContainerStatuses', spec.initContainers],
    ['ephemeralContainerStatuses', undefined],
  ] as const) {
    const specs = new Map(containers?.map((each) => [each.name, each]));
    const statuses = new Map(status[list]?.map((each) => [each.name, each]));
    for (const [i, before] of (old[list] ?? []).entries()) {
      if (!before.state?.terminated) continue;
      const container = specs.get(before.name);
      if (containers && mayRestart(before, container?.restartPolicy ?? '', container?.restartPolicyRules ?? [], spec))
        continue;
      const now = statuses.get(before.name);
      if (now && !now.state?.terminated)
        errors.push(
          forbidden(at.child(list).index(i).child('state'), 'may not be transitioned to non-terminated state'),
        );
    }
  }
  return errors;
}

function mayRestart(
  { state }: ContainerStatus,
  own: string,
  rules: NonNullable<NonNullable<PodSpec['containers']>[number]['restartPolicyRules']>,
  spec: PodSpec,
): boolean {
  const code = state?.terminated?.exitCode ?? 0;
  const matches = rules.some(({ exitCodes }) => {
    return exitCodes && (exitCodes.values ?? []).includes(code) === (exitCodes.operator === 'In');
  });
  if (matches) return true;
  const policy = own || spec.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && code !== 0);
}

/** Which claims a pod got stands under the names the pod has for them. */
function validateClaims({ resourceClaimStatuses = [] }: PodStatus, spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const known = new Set(spec.resourceClaims?.map((claim) => claim.name));
  const seen = new Set<string>();
  for (const [i, { name, resourceClaimName }] of resourceClaimStatuses.entries()) {
    const path = at.index(i).child('name');
    if (!known.has(name)) errors.push(invalid(path, name, 'must match the name of an entry in `spec.resourceClaims`'));
    if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
    if (resourceClaimName !== undefined) append(errors, malformed(path, resourceClaimName, isDns1123Subdomain));
  }
  return errors;
}

/** At most one address of each family. What was no address before may stay. */
function validateAddresses(list: readonly { ip: string }[], old: readonly { ip: string }[], at: Path): FieldError[] {
  const kept = new Set(old.map(({ ip }) => ip));
  const errors = list.flatMap(({ ip = '' }, i) => (kept.has(ip) ? [] : malformed(at.index(i), ip, isIp)));
  if (list.length < 2) return errors;
  const families = new Set(list.map(({ ip }) => isIPv4(ip)));
  if (families.size < 2 || list.length > 2)
    errors.push(
      invalid(
        at,
        list.map(({ ip }) => ({ IP: ip })),
        'may specify no more than one IP for each IP family',
      ),
    );
  const seen = new Set<string>();
  for (const [i, { ip }] of list.entries()) {
    if (seen.has(ip)) errors.push(duplicate(at.index(i), { IP: ip }));
    seen.add(ip);
  }
  return errors;
}
