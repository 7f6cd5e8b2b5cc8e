import type { PodSecurityContext, PodSpec, SecurityContext } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isUserId } from '../../meta/names.ts';
import { validateAppArmor, validateSeccomp, validateWindowsOptions } from './security-profiles.ts';

const sysctlSegment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlPattern = `^(${sysctlSegment}[\\./])*${sysctlSegment}$`;
const sysctlRegExp = new RegExp(sysctlPattern);
const maxSysctlLength = 253;

/** Policies of a pod's security context that are one of a few words. */
const policies = [
  ['fsGroupChangePolicy', ['Always', 'OnRootMismatch']],
  ['seLinuxChangePolicy', ['MountOption', 'Recursive']],
  ['supplementalGroupsPolicy', ['Merge', 'Strict']],
] as const;

/** Errors of a pod's security context, and of what the pod shares with its host; `at` is where the spec is. */
export function validatePodSecurity(spec: PodSpec, at: Path): FieldError[] {
  const context = spec.securityContext ?? {};
  const path = at.child('securityContext');
  const errors = spec.hostNetwork ? validateHostNetwork(spec, at.child('containers')) : [];
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) append(errors, idErrors(context, field, path));
  for (const [i, id] of (context.supplementalGroups ?? []).entries()) {
    for (const message of isUserId(id)) errors.push(invalid(path.child('supplementalGroups').index(i), id, message));
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(path.child('shareProcessNamespace'), true, detail));
  }
  if (context.sysctls) append(errors, validateSysctls(context.sysctls, spec, path.child('sysctls')));
  for (const [field, known] of policies) {
    const value = context[field];
    if (value !== undefined && !(known as readonly string[]).includes(value))
      errors.push(notSupported(path.child(field), value, known));
  }
  append(
    errors,
    validateSeccomp(context.seccompProfile, path.child('seccompProfile')),
    validateWindowsOptions(context.windowsOptions, path.child('windowsOptions')),
    validateAppArmor(context.appArmorProfile, path.child('appArmorProfile')),
  );
  return errors;
}

/** On the host's network a port is the host's port. One that is not set is: a pod's default makes it so. */
function validateHostNetwork(spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, container] of (spec.containers ?? []).entries()) {
    for (const [j, { hostPort, containerPort }] of (container.ports ?? []).entries()) {
      if (!hostPort || hostPort === containerPort) continue;
      const path = at.index(i).child('ports').index(j).child('containerPort');
      errors.push(invalid(path, containerPort, 'must match `hostPort` when `hostNetwork` is true'));
    }
  }
  return errors;
}

type Ids = { runAsUser?: number; runAsGroup?: number; fsGroup?: number };

function idErrors(context: Ids, field: keyof Ids, at: Path): FieldError[] {
  const id = context[field];
  return id === undefined ? [] : isUserId(id).map((message) => invalid(at.child(field), id, message));
}

function validateSysctls(sysctls: NonNullable<PodSecurityContext['sysctls']>, spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, { name = '' }] of sysctls.entries()) {
    const path = at.index(i).child('name');
    if (name === '') errors.push(required(path));
    else if (name.length > maxSysctlLength || !sysctlRegExp.test(name)) {
      errors.push(
        invalid(path, name, `must have at most ${maxSysctlLength} characters and match regex ${sysctlPattern}`),
      );
    } else if (names.has(name)) errors.push(duplicate(path, name));
    names.add(name);
    // What belongs to a namespace of the host is not a pod's to set.
    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.'))
      errors.push(invalid(path, name, "may not be set with 'hostNetwork' enabled"));
    else if (spec.hostIPC && /^(kernel\.shm|kernel\.msg|fs\.mqueue\.|kernel\.sem$)/.test(dotted))
      errors.push(invalid(path, name, "may not be set with 'hostIPC' enabled"));
  }
  return errors;
}

/** Errors of a pod in a user namespace of its own (KEP-127): it shares no other namespace with its host; `at` is where the spec is. */
export function validateHostUsers(spec: PodSpec, at: Path): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const detail = 'when `pod.Spec.HostUsers` is false';
  const errors: FieldError[] = [];
  if (spec.hostNetwork) errors.push(forbidden(at.child('hostNetwork'), detail));
  if (spec.hostPID) errors.push(forbidden(at.child('HostPID'), detail));
  if (spec.hostIPC) errors.push(forbidden(at.child('HostIPC'), detail));
  return errors;
}

/** Errors of a container's security context; `spec` is its pod's. */
export function validateContainerSecurity(context: SecurityContext | undefined, spec: PodSpec, at: Path): FieldError[] {
  if (!context) return [];
  const errors = [...idErrors(context, 'runAsUser', at), ...idErrors(context, 'runAsGroup', at)];
  const { procMount } = context;
  if (procMount !== undefined && procMount !== 'Default' && procMount !== 'Unmasked')
    errors.push(notSupported(at.child('procMount'), procMount, ['Default', 'Unmasked']));
  if (procMount === 'Unmasked' && spec.hostUsers !== false)
    errors.push(invalid(at.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'));
  append(errors, validateSeccomp(context.seccompProfile, at.child('seccompProfile')));
  if (context.allowPrivilegeEscalation === false) {
    const refuse = (what: string) =>
      invalid(
        at,
        goForm('core/v1.SecurityContext', context),
        `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
      );
    if (context.privileged) errors.push(refuse('`privileged` to true'));
    for (const capability of context.capabilities?.add ?? [])
      if (capability === 'CAP_SYS_ADMIN') errors.push(refuse('`capabilities.Add` CAP_SYS_ADMIN'));
  }
  append(
    errors,
    validateWindowsOptions(context.windowsOptions, at.child('windowsOptions')),
    validateAppArmor(context.appArmorProfile, at.child('appArmorProfile')),
  );
  return errors;
}
