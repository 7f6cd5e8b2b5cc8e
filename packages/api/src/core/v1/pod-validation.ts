import type { Pod, PodSpec } from '../../generated/core/v1.ts';
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
import { inclusiveRangeError, isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../../meta/names.ts';
import { validateLabels } from '../../meta/validate-selector.ts';
import { validateAffinity, validateSpread, validateTolerations } from './affinity-validation.ts';
import { type Surroundings, validateContainers, validateImages } from './container-validation.ts';
import { validateDnsConfig, validateHostAliases } from './dns-validation.ts';
import { validateEphemeral } from './ephemeral-containers.ts';
import { validateHostnameOverride } from './hostname-validation.ts';
import { validateHostProcesses, validateOs } from './os-validation.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { validatePodClaims, validatePodResources } from './pod-resource-validation.ts';
import { validateResources } from './resources-validation.ts';
import { validateHostUsers, validatePodSecurity } from './security-validation.ts';
import { validateVolumes } from './volume-validation.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const maxDeadline = 2_147_483_647;

/** Errors of a pod, new or not. */
export function validatePod(it: Pod, at: Path): FieldError[] {
  const spec = it.spec ?? { containers: [] };
  const path = at.child('spec');
  const errors = [
    ...validatePodAnnotations(it, at.child('metadata.annotations')),
    ...validatePodSpec(spec, path, it.metadata.name),
  ];
  // What follows was never asked of templates.
  if (!spec.serviceAccountName) append(errors, validateNoTokens(spec, path.child('volumes')));
  append(
    errors,
    validateImages(spec.containers, path.child('containers')),
    validateImages(spec.initContainers, path.child('initContainers')),
  );
  return errors;
}

/** Errors only a new pod can have. */
export function validateNewPod({ spec }: Pod, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const path = at.child('spec');
  // What looks at a running pod comes later.
  if (spec?.ephemeralContainers?.length)
    errors.push(forbidden(path.child('ephemeralContainers'), 'cannot be set on create'));
  if (spec?.nodeName && spec.schedulingGates?.length)
    errors.push(forbidden(path.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  return errors;
}

/** Without an account there are no tokens of it. */
function validateNoTokens({ volumes = [] }: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { projected }] of volumes.entries()) {
    for (const [j, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      const path = at.index(i).child('projected.sources').index(j).child('serviceAccountToken');
      if (serviceAccountToken) errors.push(forbidden(path, 'must not be specified when serviceAccountName is not set'));
    }
  }
  return errors;
}

/** Errors of a pod spec, of a pod or of a template, which has no name. */
export function validatePodSpec(spec: PodSpec, at: Path, podName = ''): FieldError[] {
  const { errors, names: volumes } = validateVolumes(spec.volumes, at.child('volumes'), podName);
  const claims = (spec.resourceClaims ?? []).map(({ name }) => name);
  const around: Surroundings = { spec, volumes, claims };
  append(
    errors,
    validatePodClaims(spec.resourceClaims, podName, at.child('resourceClaims')),
    validateContainers(around, at),
    validateEphemeral(around, at.child('ephemeralContainers')),
    validatePodResources(spec, at.child('resources')),
    oneOf(spec.restartPolicy, restartPolicies, at.child('restartPolicy')),
    oneOf(spec.dnsPolicy, dnsPolicies, at.child('dnsPolicy')),
    validateLabels(spec.nodeSelector, at.child('nodeSelector')),
    validatePodSecurity(spec, at),
    validateAffinity(spec.affinity, at.child('affinity')),
    validateDnsConfig(spec, at.child('dnsConfig')),
    validateGates(spec, at),
    validateSpread(spec.topologySpreadConstraints, podName !== '', at.child('topologySpreadConstraints')),
    validateHostProcesses(spec, at),
    validateHostUsers(spec, at),
    nameOf(spec.serviceAccountName, isDns1123Subdomain, at.child('serviceAccountName')),
    nameOf(spec.nodeName, isDns1123Subdomain, at.child('nodeName')),
  );
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxDeadline))
    errors.push(invalid(at.child('activeDeadlineSeconds'), deadline, inclusiveRangeError(1, maxDeadline)));
  append(
    errors,
    nameOf(spec.hostname, isDns1123Label, at.child('hostname')),
    nameOf(spec.subdomain, isDns1123Label, at.child('subdomain')),
    validateTolerations(spec.tolerations, at.child('tolerations')),
    validateHostAliases(spec.hostAliases ?? [], at.child('hostAliases')),
    nameOf(spec.priorityClassName, isDns1123Subdomain, at.child('priorityClassName')),
    spec.runtimeClassName === undefined
      ? []
      : malformed(at.child('runtimeClassName'), spec.runtimeClassName, isDns1123Subdomain),
  );
  if (spec.preemptionPolicy !== undefined)
    append(errors, oneOf(spec.preemptionPolicy, preemptionPolicies, at.child('preemptionPolicy')));
  if (spec.overhead) append(errors, validateResources({ limits: spec.overhead }, at.child('overhead')));
  if (spec.hostnameOverride !== undefined) append(errors, validateHostnameOverride(spec, at.child('hostnameOverride')));
  append(errors, validateOs(spec, at));
  return errors;
}

function oneOf(value: string | undefined, known: readonly string[], at: Path): FieldError[] {
  if (!value) return [required(at)];
  return known.includes(value) ? [] : [notSupported(at, value, known)];
}

const nameOf = (name: string | undefined, check: (name: string) => string[], at: Path): FieldError[] =>
  name ? malformed(at, name, check) : [];

function validateGates({ readinessGates = [], schedulingGates = [] }: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { conditionType = '' }] of readinessGates.entries())
    append(
      errors,
      malformed(at.child('readinessGates').index(i).child('conditionType'), conditionType, isQualifiedName),
    );
  const names = new Set<string>();
  for (const [i, { name = '' }] of schedulingGates.entries()) {
    const path = at.child('schedulingGates').index(i);
    append(errors, malformed(path, name, isQualifiedName));
    if (names.has(name)) errors.push(duplicate(path, name));
    names.add(name);
  }
  return errors;
}
