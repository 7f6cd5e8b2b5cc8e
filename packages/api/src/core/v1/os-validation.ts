import type { Container, PodSpec } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';

const systems = ['linux', 'windows'];

/** Fields of a security context that Windows knows nothing of. */
const notOnWindows = {
  pod: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'fsGroup',
    'fsGroupChangePolicy',
    'sysctls',
    'runAsUser',
    'runAsGroup',
    'supplementalGroups',
    'supplementalGroupsPolicy',
  ],
  container: [
    'appArmorProfile',
    'seLinuxOptions',
    'seccompProfile',
    'capabilities',
    'readOnlyRootFilesystem',
    'privileged',
    'allowPrivilegeEscalation',
    'procMount',
    'runAsUser',
    'runAsGroup',
  ],
  spec: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'],
} as const;

const isHosts = (field: string) => field === 'hostPID' || field === 'hostIPC';

/** Errors of fields that do not go with the operating system a pod names (KEP-2802); `at` is where the spec is. */
export function validateOs(spec: PodSpec, at: Path): FieldError[] {
  if (!spec.os) return [];
  const { name } = spec.os;
  if (!name) return [required(at.child('os.name'), 'cannot be empty')];
  if (!systems.includes(name)) return [notSupported(at.child('os'), name, systems)];
  return name === 'linux' ? validateLinux(spec, at) : validateWindows(spec, at);
}

function validateLinux(spec: PodSpec, at: Path): FieldError[] {
  const detail = 'windows options cannot be set for a linux pod';
  const path = 'securityContext.windowsOptions';
  const errors = spec.securityContext?.windowsOptions ? [forbidden(at.child(path), detail)] : [];
  for (const { container, path: where } of containersOf(spec, at))
    if (container.securityContext?.windowsOptions) errors.push(forbidden(where.child(path), detail));
  return errors;
}

function validateWindows(spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (holder: object | undefined, fields: readonly string[], path: Path) => {
    for (const field of fields) {
      const value = (holder as Record<string, unknown> | undefined)?.[field];
      // What the pod shares with its host is not shared where it says so; anything else is too much when it is said at all.
      const isSaid = Array.isArray(value)
        ? value.length > 0
        : value !== undefined && !(value === false && isHosts(field));
      if (!isSaid) continue;
      errors.push(forbidden(path.child(field), 'cannot be set for a windows pod'));
    }
  };
  refuse(spec, notOnWindows.spec, at);
  refuse(spec.securityContext, notOnWindows.pod, at.child('securityContext'));
  for (const { container, path } of containersOf(spec, at))
    refuse(container.securityContext, notOnWindows.container, path.child('securityContext'));
  return errors;
}

/** Errors of a pod with containers that are processes of a Windows host: all of them are, and it has the host's network (KEP-1981). */
export function validateHostProcesses(spec: PodSpec, at: Path): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  let all = 0;
  let hosted = 0;
  for (const { container, path } of containersOf(spec, at)) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    all++;
    if (own ?? ofPod) hosted++;
    if (ofPod === undefined || own === undefined || own === ofPod) continue;
    const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
    errors.push(invalid(path.child('securityContext.windowsOptions.hostProcess'), own, detail));
  }
  if (hosted === 0) return errors;
  if (hosted !== all)
    errors.push(
      invalid(at, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'),
    );
  if (!spec.hostNetwork) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(at.child('hostNetwork'), false, detail));
  }
  return errors;
}

/** A pod's containers of all kinds, and where they are. */
function* containersOf(spec: PodSpec, at: Path): Generator<{ container: Container; path: Path }> {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) yield { container, path: at.child(list).index(i) };
  }
}
