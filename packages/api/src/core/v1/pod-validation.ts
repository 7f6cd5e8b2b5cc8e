import type { Pod, PodSpec } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain, isIp, isQualifiedName } from '../../meta/names.ts';
import { clone, deepEqual } from '../../meta/object.ts';
import { validateLabels } from '../../meta/validate-selector.ts';
import { validateAffinity, validateSpread, validateTolerations } from './affinity-validation.ts';
import { validateContainers, validateSeccomp } from './container-validation.ts';
import { validateVolumes } from './volume-validation.ts';

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** Errors of a new pod. */
export function validatePod(it: Pod, at: Path): FieldError[] {
  if (!it.spec) return [required(at.child('spec.containers'))];
  return validatePodSpec(it.spec, at.child('spec'), ['Always', 'OnFailure', 'Never'], it.metadata.name);
}

/** Errors of a pod spec, of a pod or of a template, which has no name; `restartPolicies` are those the owner allows. */
export function validatePodSpec(
  spec: PodSpec,
  at: Path,
  restartPolicies: readonly string[],
  podName = '',
): FieldError[] {
  const volumes = validateVolumes(spec.volumes, at.child('volumes'), podName);
  const errors = [...volumes.errors, ...validateContainers(spec, volumes.names, at)];
  if (!restartPolicies.includes(spec.restartPolicy ?? '')) {
    errors.push(
      spec.restartPolicy
        ? notSupported(at.child('restartPolicy'), spec.restartPolicy, restartPolicies)
        : required(at.child('restartPolicy')),
    );
  }
  errors.push(
    ...validateDns(spec, at),
    ...validateLabels(spec.nodeSelector, at.child('nodeSelector')),
    ...validateSecurity(spec, at),
  );
  for (const [i, reference] of (spec.imagePullSecrets ?? []).entries()) {
    if (!reference.name) errors.push(required(at.child('imagePullSecrets').index(i).child('name')));
  }
  errors.push(
    ...validateAffinity(spec.affinity, at.child('affinity')),
    ...validateTolerations(spec.tolerations, at.child('tolerations')),
    ...validateSpread(spec.topologySpreadConstraints, at.child('topologySpreadConstraints')),
  );
  for (const [field, check] of [
    ['serviceAccountName', isDns1123Subdomain],
    ['nodeName', isDns1123Subdomain],
    ['runtimeClassName', isDns1123Subdomain],
    ['priorityClassName', isDns1123Subdomain],
    ['hostname', isDns1123Label],
    ['subdomain', isDns1123Label],
  ] as const) {
    const value = spec[field];
    if (value) for (const message of check(value)) errors.push(invalid(at.child(field), value, message));
  }
  const { activeDeadlineSeconds: deadline, terminationGracePeriodSeconds: grace } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > 2_147_483_647)) {
    errors.push(invalid(at.child('activeDeadlineSeconds'), deadline, 'must be between 1 and 2147483647, inclusive'));
  }
  if (grace !== undefined && grace < 0)
    errors.push(invalid(at.child('terminationGracePeriodSeconds'), grace, 'must be greater than or equal to 0'));
  for (const [i, alias] of (spec.hostAliases ?? []).entries()) {
    for (const message of isIp(alias.ip))
      errors.push(invalid(at.child('hostAliases').index(i).child('ip'), alias.ip, message));
    for (const name of alias.hostnames ?? []) {
      for (const message of isDns1123Subdomain(name))
        errors.push(invalid(at.child('hostAliases').index(i).child('hostnames'), name, message));
    }
  }
  for (const [i, gate] of (spec.readinessGates ?? []).entries()) {
    for (const message of isQualifiedName(gate.conditionType ?? ''))
      errors.push(invalid(at.child('readinessGates').index(i).child('conditionType'), gate.conditionType, message));
  }
  for (const [i, gate] of (spec.schedulingGates ?? []).entries()) {
    for (const message of isQualifiedName(gate.name ?? ''))
      errors.push(invalid(at.child('schedulingGates').index(i), gate.name, message));
  }
  if (spec.schedulingGates?.length && spec.nodeName) {
    errors.push(forbidden(at.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
  return errors;
}

function validateDns(spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!dnsPolicies.includes(spec.dnsPolicy ?? '')) {
    errors.push(
      spec.dnsPolicy
        ? notSupported(at.child('dnsPolicy'), spec.dnsPolicy, dnsPolicies)
        : required(at.child('dnsPolicy')),
    );
  }
  const { nameservers = [], searches = [] } = spec.dnsConfig ?? {};
  if (spec.dnsPolicy === 'None' && nameservers.length === 0) {
    errors.push(
      required(at.child('dnsConfig.nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
    );
  }
  if (nameservers.length > 3)
    errors.push(invalid(at.child('dnsConfig.nameservers'), nameservers, 'must not have more than 3 nameservers'));
  for (const [i, address] of nameservers.entries()) {
    for (const message of isIp(address))
      errors.push(invalid(at.child('dnsConfig.nameservers').index(i), address, message));
  }
  if (searches.length > 32)
    errors.push(invalid(at.child('dnsConfig.searches'), searches, 'must not have more than 32 search paths'));
  for (const [i, option] of (spec.dnsConfig?.options ?? []).entries()) {
    if (!option.name) errors.push(required(at.child('dnsConfig.options').index(i), 'must not be empty'));
  }
  return errors;
}

function validateSecurity(spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const context = spec.securityContext ?? {};
  const path = at.child('securityContext');
  if (spec.shareProcessNamespace && spec.hostPID)
    errors.push(
      invalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    );
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup'] as const) {
    const id = context[field];
    if (id !== undefined && (id < 0 || id > 2_147_483_647))
      errors.push(invalid(path.child(field), id, 'must be between 0 and 2147483647, inclusive'));
  }
  const names = new Set<string>();
  for (const [i, sysctl] of (context.sysctls ?? []).entries()) {
    if (!sysctl.name) errors.push(required(path.child('sysctls').index(i).child('name')));
    else if (!/^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9]$/.test(sysctl.name)) {
      errors.push(
        invalid(
          path.child('sysctls').index(i).child('name'),
          sysctl.name,
          'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*([a-z0-9]([-_a-z0-9]*[a-z0-9])?)$',
        ),
      );
    } else if (names.has(sysctl.name))
      errors.push({
        type: 'FieldValueDuplicate',
        field: path.child('sysctls').index(i).child('name').toString(),
        message: `Duplicate value: "${sysctl.name}"`,
      });
    names.add(sysctl.name);
  }
  return [...errors, ...validateSeccomp(context.seccompProfile, path.child('seccompProfile'))];
}

/** Errors of a change to a pod through the main resource: nearly all of its spec is frozen. */
export function validatePodUpdate(it: Pod, old: Pod, at: Path): FieldError[] {
  const path = at.child('spec');
  if (deepEqual(it.spec, old.spec)) return [];
  const errors = changedDeadline(it.spec, old.spec, path);
  const gates = new Set((old.spec.schedulingGates ?? []).map((each) => each.name));
  const added = (it.spec.schedulingGates ?? []).filter((each) => !gates.has(each.name));
  if (added.length > 0)
    errors.push(
      forbidden(
        path.child('schedulingGates'),
        `only deletion is allowed, but found new scheduling gate '${added[0]!.name}'`,
      ),
    );
  if (errors.length > 0) return errors;
  if (deepEqual(withMutable(it.spec, old.spec), old.spec)) {
    const kept = new Set((it.spec.tolerations ?? []).map((each) => JSON.stringify(sortedToleration(each))));
    const lost = (old.spec.tolerations ?? []).some((each) => !kept.has(JSON.stringify(sortedToleration(each))));
    return lost
      ? [forbidden(path.child('tolerations'), 'existing toleration can not be modified except its tolerationSeconds')]
      : [];
  }
  return [
    forbidden(
      path,
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,' +
        '`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n',
    ),
  ];
}

function changedDeadline(spec: PodSpec, old: PodSpec, at: Path): FieldError[] {
  const [now, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (before === undefined || now === before) return [];
  if (now === undefined)
    return [invalid(at.child('activeDeadlineSeconds'), null, 'must not update from a positive integer to nil value')];
  return now < before
    ? []
    : [invalid(at.child('activeDeadlineSeconds'), now, 'must be less than or equal to previous value')];
}

/** `spec` with every field that an update may change set back to what it was. */
function withMutable(spec: PodSpec, old: PodSpec): PodSpec {
  const copy = clone(spec);
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [i, container] of (copy[list] ?? []).entries()) {
      const before = old[list]?.[i];
      if (before) container.image = before.image;
    }
  }
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'] as const) {
    if (old[field] === undefined) delete copy[field];
    else Object.assign(copy, { [field]: old[field] });
  }
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && copy.terminationGracePeriodSeconds === 1) {
    copy.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  if (old.schedulingGates?.length) {
    // A gated pod may still be narrowed to fewer nodes (KEP-3838).
    const narrowed = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => copy.nodeSelector?.[key] === value);
    if (narrowed) copy.nodeSelector = old.nodeSelector;
    if (copy.nodeSelector === undefined) delete copy.nodeSelector;
  }
  return copy;
}

function sortedToleration({
  key = '',
  operator = 'Equal',
  value = '',
  effect = '',
}: {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}): string[] {
  return [key, operator || 'Equal', value, effect];
}

/** Errors of a change through the status subresource. */
export function validatePodStatusUpdate(it: Pod, old: Pod, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const status = at.child('status');
  if (it.spec?.nodeName !== old.spec?.nodeName)
    errors.push(forbidden(status.child('nodeName'), 'may not be changed directly'));
  // A terminated container stays so, unless the pod's policy restarts it.
  if (it.spec?.restartPolicy === 'Always') return errors;
  for (const [i, before] of (old.status?.containerStatuses ?? []).entries()) {
    const now = it.status?.containerStatuses?.find((each) => each.name === before.name);
    const final =
      before.state?.terminated && (it.spec?.restartPolicy === 'Never' || before.state.terminated.exitCode === 0);
    if (final && now && !now.state?.terminated) {
      errors.push(
        forbidden(
          status.child('containerStatuses').index(i).child('state'),
          'may not be transitioned to non-terminated state',
        ),
      );
    }
  }
  return errors;
}
