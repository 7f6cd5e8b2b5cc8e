import type { Container, PodSpec, Volume } from '../../generated/core/v1.ts';
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
import { isDns1123Label, isPortName, isPortNumber } from '../../meta/names.ts';
import { validateDevices } from './device-validation.ts';
import { validateEnv, validateEnvFrom } from './env-validation.ts';
import { validateMounts } from './mount-validation.ts';
import { validateLifecycle, validateProbe } from './probe-validation.ts';
import { validateClaimNames, validateResources } from './resources-validation.ts';
import { validateResizePolicy, validateRestart } from './restart-validation.ts';
import { validateContainerSecurity } from './security-validation.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];
const protocols = ['SCTP', 'TCP', 'UDP'];

/** What the checks of a container ask its pod: its spec, its volumes by name, the names of its resource claims. */
export interface Surroundings {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: readonly string[];
}

/** Errors of a pod's containers and init containers; `at` is where the spec is. Names are unique across both. */
export function validateContainers(around: Surroundings, at: Path): FieldError[] {
  const names = new Set<string>();
  return [
    ...validateMain(around, names, at.child('containers')),
    ...validateInit(around, names, at.child('initContainers')),
  ];
}

function validateMain(around: Surroundings, names: Set<string>, at: Path): FieldError[] {
  const containers = around.spec.containers ?? [];
  if (containers.length === 0) return [required(at)];
  const errors: FieldError[] = [];
  for (const [i, container] of containers.entries()) {
    const path = at.index(i);
    append(errors, validateContainer(container, around, path));
    if (names.has(container.name)) errors.push(duplicate(path.child('name'), container.name));
    names.add(container.name);
    append(errors, validateLifeOf(container, around.spec, path), validateRestart(container, path));
  }
  return [...errors, ...validateHostPorts(containers, at)];
}

function validateInit(around: Surroundings, names: Set<string>, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, container] of (around.spec.initContainers ?? []).entries()) {
    const path = at.index(i);
    append(errors, validateContainer(container, around, path), validateRestart(container, path));
    if (names.has(container.name)) errors.push(duplicate(path.child('name'), container.name));
    else if (container.name) names.add(container.name);
    // They run one after the other, so each is looked at alone; the path is upstream's.
    append(errors, validateHostPorts([container], at));
    if (container.restartPolicy === 'Always') {
      append(errors, validateLifeOf(container, around.spec, path));
      continue;
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field])
        errors.push(forbidden(path.child(field), 'may not be set for init containers without restartPolicy=Always'));
    }
  }
  return errors;
}

/** Errors of what goes on while a container runs: hooks and probes. */
function validateLifeOf(it: Container, spec: PodSpec, at: Path): FieldError[] {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = it;
  if (!lifecycle && !livenessProbe && !readinessProbe && !startupProbe) return [];
  return [
    ...validateLifecycle(lifecycle, spec, at.child('lifecycle')),
    ...validateProbe(livenessProbe, 'livenessProbe', spec, at.child('livenessProbe')),
    ...validateProbe(readinessProbe, 'readinessProbe', spec, at.child('readinessProbe')),
    ...validateProbe(startupProbe, 'startupProbe', spec, at.child('startupProbe')),
  ];
}

/** Errors of what containers of all kinds have. */
export function validateContainer(it: Container, around: Surroundings, at: Path): FieldError[] {
  const { spec, volumes, claims } = around;
  const errors = it.name ? malformed(at.child('name'), it.name, isDns1123Label) : [required(at.child('name'))];
  if (!it.image) errors.push(required(at.child('image')));
  append(errors, oneOf(it.terminationMessagePolicy, messagePolicies, at.child('terminationMessagePolicy')));
  if (it.ports) append(errors, validatePorts(it, at.child('ports')));
  if (it.env) append(errors, validateEnv(it.env, at.child('env')));
  if (it.envFrom) append(errors, validateEnvFrom(it.envFrom, at.child('envFrom')));
  if (it.volumeMounts) append(errors, validateMounts(it, volumes, at.child('volumeMounts')));
  if (it.volumeDevices) append(errors, validateDevices(it, volumes, at.child('volumeDevices')));
  append(errors, oneOf(it.imagePullPolicy, pullPolicies, at.child('imagePullPolicy')));
  if (it.resources) {
    const path = at.child('resources');
    append(errors, validateResources(it.resources, path));
    append(errors, validateClaimNames(it.resources.claims, claims, path.child('claims')));
  }
  if (it.resizePolicy) append(errors, validateResizePolicy(it.resizePolicy, spec, at.child('resizePolicy')));
  if (it.securityContext)
    append(errors, validateContainerSecurity(it.securityContext, spec, at.child('securityContext')));
  return errors;
}

/** Errors of images, which in templates of old were never looked at closer. */
export function validateImages(containers: readonly Container[] | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, { image = '' }] of (containers ?? []).entries()) {
    if (image.trim() !== image)
      errors.push(invalid(at.index(i).child('image'), image, 'must not have leading or trailing whitespace'));
  }
  return errors;
}

function oneOf(value: string | undefined, known: readonly string[], at: Path): FieldError[] {
  if (!value) return [required(at)];
  return known.includes(value) ? [] : [notSupported(at, value, known)];
}

function validatePorts(it: Container, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, port] of (it.ports ?? []).entries()) {
    const path = at.index(i);
    if (port.name) {
      const wrong = malformed(path.child('name'), port.name, isPortName);
      if (wrong.length === 0 && names.has(port.name)) wrong.push(duplicate(path.child('name'), port.name));
      names.add(port.name);
      append(errors, wrong);
    }
    if (!port.containerPort) errors.push(required(path.child('containerPort')));
    else append(errors, portErrors(port.containerPort, path.child('containerPort')));
    if (port.hostPort) append(errors, portErrors(port.hostPort, path.child('hostPort')));
    append(errors, oneOf(port.protocol, protocols, path.child('protocol')));
  }
  return errors;
}

const portErrors = (port: number, at: Path) => isPortNumber(port).map((message) => invalid(at, port, message));

/** No two ports of containers that run together are the same port of the host. */
function validateHostPorts(containers: readonly Container[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, container] of containers.entries()) {
    for (const [j, { hostPort, protocol, hostIP = '' }] of (container.ports ?? []).entries()) {
      if (!hostPort) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (seen.has(key)) errors.push(duplicate(at.index(i).child('ports').index(j).child('hostPort'), key));
      seen.add(key);
    }
  }
  return errors;
}
