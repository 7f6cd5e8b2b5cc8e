import type { Container, PodSpec, SecurityContext, Volume } from '../../generated/core/v1.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isDns1123Label, isPortName } from '../../meta/names.ts';
import { validateDevices } from './device-validation.ts';
import { validateEnv, validateEnvFrom } from './env-validation.ts';
import { validateLifecycle, validateProbe } from './probe-validation.ts';
import { validateResources } from './resources-validation.ts';
import { validateRelativePath } from './volume-validation.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const protocols = ['SCTP', 'TCP', 'UDP'];

/** Errors of all containers of a pod; names are unique across init and main containers. */
export function validateContainers(spec: PodSpec, volumes: ReadonlyMap<string, Volume>, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  if (!spec.containers?.length) errors.push(required(at.child('containers')));
  for (const [i, container] of (spec.containers ?? []).entries()) {
    const path = at.child('containers').index(i);
    errors.push(...validateContainer(container, names, volumes, path));
    if (container.restartPolicy && !['Always', 'OnFailure', 'Never'].includes(container.restartPolicy)) {
      errors.push(notSupported(path.child('restartPolicy'), container.restartPolicy, ['Always', 'OnFailure', 'Never']));
    }
  }
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    const path = at.child('initContainers').index(i);
    errors.push(...validateContainer(container, names, volumes, path));
    if (container.restartPolicy === 'Always') continue;
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field])
        errors.push(forbidden(path.child(field), 'may not be set for init containers without restartPolicy=Always'));
    }
  }
  errors.push(...validateHostPorts(spec, at));
  return errors;
}

/** Errors of one container; adds its name to `names`, which must not have it. */
export function validateContainer(
  it: Container,
  names: Set<string>,
  volumes: ReadonlyMap<string, Volume>,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!it.name) errors.push(required(at.child('name')));
  else {
    for (const message of isDns1123Label(it.name)) errors.push(invalid(at.child('name'), it.name, message));
    if (names.has(it.name)) errors.push(duplicate(at.child('name'), it.name));
    names.add(it.name);
  }
  if (!it.image) errors.push(required(at.child('image')));
  else if (it.image.trim() !== it.image)
    errors.push(invalid(at.child('image'), it.image, 'must not have leading or trailing whitespace'));
  if (!pullPolicies.includes(it.imagePullPolicy ?? '')) {
    errors.push(
      it.imagePullPolicy
        ? notSupported(at.child('imagePullPolicy'), it.imagePullPolicy, pullPolicies)
        : required(at.child('imagePullPolicy')),
    );
  }
  if (!['File', 'FallbackToLogsOnError'].includes(it.terminationMessagePolicy ?? '')) {
    errors.push(
      notSupported(at.child('terminationMessagePolicy'), it.terminationMessagePolicy ?? '', [
        'File',
        'FallbackToLogsOnError',
      ]),
    );
  }
  return [
    ...errors,
    ...validatePorts(it, at.child('ports')),
    ...validateEnv(it.env, at.child('env')),
    ...validateEnvFrom(it.envFrom, at.child('envFrom')),
    ...validateMounts(it, volumes, at),
    ...validateDevices(it, volumes, at.child('volumeDevices')),
    ...validateResources(it.resources, at.child('resources')),
    ...validateLifecycle(it.lifecycle, at.child('lifecycle')),
    ...validateProbe(it.livenessProbe, 'livenessProbe', at.child('livenessProbe')),
    ...validateProbe(it.readinessProbe, 'readinessProbe', at.child('readinessProbe')),
    ...validateProbe(it.startupProbe, 'startupProbe', at.child('startupProbe')),
    ...validateContainerSecurity(it.securityContext, at.child('securityContext')),
  ];
}

function validatePorts(it: Container, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, port] of (it.ports ?? []).entries()) {
    const path = at.index(i);
    if (port.name) {
      for (const message of isPortName(port.name)) errors.push(invalid(path.child('name'), port.name, message));
      if (names.has(port.name)) errors.push(duplicate(path.child('name'), port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(path.child('containerPort')));
    else if (!inPortRange(port.containerPort))
      errors.push(outOfPortRange(path.child('containerPort'), port.containerPort));
    if (port.hostPort && !inPortRange(port.hostPort))
      errors.push(outOfPortRange(path.child('hostPort'), port.hostPort));
    if (!port.protocol) errors.push(required(path.child('protocol')));
    else if (!protocols.includes(port.protocol))
      errors.push(notSupported(path.child('protocol'), port.protocol, protocols));
  }
  return errors;
}

const inPortRange = (port: number) => port >= 1 && port <= 65_535;
const outOfPortRange = (at: Path, port: number) => invalid(at, port, 'must be between 1 and 65535, inclusive');

/** No two ports of a pod share a host port, and host-network pods use the port they name. */
function validateHostPorts(spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, container] of (spec.containers ?? []).entries()) {
    for (const [j, port] of (container.ports ?? []).entries()) {
      const path = at.child('containers').index(i).child('ports').index(j);
      if (spec.hostNetwork && port.hostPort !== port.containerPort) {
        errors.push(
          invalid(path.child('containerPort'), port.containerPort, 'must match `hostPort` when `hostNetwork` is true'),
        );
      }
      if (!port.hostPort) continue;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (seen.has(key)) errors.push(duplicate(path.child('hostPort'), key));
      seen.add(key);
    }
  }
  return errors;
}

function validateMounts(it: Container, volumes: ReadonlyMap<string, Volume>, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  for (const [i, mount] of (it.volumeMounts ?? []).entries()) {
    const path = at.child('volumeMounts').index(i);
    if (!mount.name) errors.push(required(path.child('name')));
    else if (!volumes.has(mount.name))
      errors.push({
        type: 'FieldValueNotFound',
        field: path.child('name').toString(),
        message: `Not found: ${JSON.stringify(mount.name)}`,
      });
    if (!mount.mountPath) errors.push(required(path.child('mountPath')));
    else if (paths.has(mount.mountPath))
      errors.push(invalid(path.child('mountPath'), mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    for (const device of it.volumeDevices ?? []) {
      if (device.name === mount.name)
        errors.push(invalid(path.child('name'), mount.name, 'must not already exist in volumeDevices'));
      if (device.devicePath === mount.mountPath)
        errors.push(
          invalid(path.child('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'),
        );
    }
    if (mount.subPath && mount.subPathExpr)
      errors.push(
        invalid(path.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
      );
    for (const field of ['subPath', 'subPathExpr'] as const)
      if (mount[field]) errors.push(...validateRelativePath(mount[field]!, path.child(field)));
    const propagation = mount.mountPropagation;
    if (propagation && !['None', 'HostToContainer', 'Bidirectional'].includes(propagation)) {
      errors.push(
        notSupported(path.child('mountPropagation'), propagation, ['None', 'HostToContainer', 'Bidirectional']),
      );
    }
    if (propagation === 'Bidirectional' && !it.securityContext?.privileged) {
      errors.push(
        forbidden(
          path.child('mountPropagation'),
          'Bidirectional mount propagation is available only to privileged containers',
        ),
      );
    }
  }
  return errors;
}

function validateContainerSecurity(context: SecurityContext | undefined, at: Path): FieldError[] {
  if (!context) return [];
  const errors: FieldError[] = [];
  for (const field of ['runAsUser', 'runAsGroup'] as const) {
    const id = context[field];
    if (id !== undefined && (id < 0 || id > 2_147_483_647))
      errors.push(invalid(at.child(field), id, 'must be between 0 and 2147483647, inclusive'));
  }
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged)
      errors.push(invalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      errors.push(
        invalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'),
      );
    }
  }
  return [...errors, ...validateSeccomp(context.seccompProfile, at.child('seccompProfile'))];
}

/** Errors of a seccomp profile. */
export function validateSeccomp(
  profile: { type: string; localhostProfile?: string } | undefined,
  at: Path,
): FieldError[] {
  if (!profile) return [];
  if (!profile.type) return [required(at.child('type'), 'type is required when seccompProfile is set')];
  if (!['Localhost', 'RuntimeDefault', 'Unconfined'].includes(profile.type))
    return [notSupported(at.child('type'), profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined'])];
  if (profile.type === 'Localhost' && !profile.localhostProfile)
    return [required(at.child('localhostProfile'), 'must be set when seccomp type is Localhost')];
  if (profile.type !== 'Localhost' && profile.localhostProfile)
    return [
      invalid(at.child('localhostProfile'), profile.localhostProfile, 'can only be set when seccomp type is Localhost'),
    ];
  return [];
}
