import { Quantity } from '@coracle/api/meta/quantity';
import type {
  Container,
  ContainerState,
  ContainerStatus,
  EnvVar,
  Probe,
  ResourceRequirements,
} from '@coracle/api/types/core/v1';
import { type Description, longTime } from './description.ts';

export interface ContainerOptions {
  readonly space: string;
  readonly statuses?: readonly ContainerStatus[] | undefined;
  /** The value of a field reference, where it is known. */
  readonly fieldValue?: ((path: string) => string) | undefined;
}

export function describeContainers(
  out: Description,
  label: string,
  containers: readonly Container[],
  options: ContainerOptions,
): void {
  const { space, statuses } = options;
  if (containers.length === 0) out.line(0, `${space}${label}: <none>`);
  else out.line(0, `${space}${label}:`);
  for (const container of containers) {
    const status = statuses?.find((each) => each.name === container.name);
    describeBasics(out, container, status, space);
    describeWords(out, 'Command', container.command);
    describeWords(out, 'Args', container.args);
    if (status) describeStatus(out, status);
    describeResources(out, container.resources, 2);
    for (const [title, probe] of [
      ['Liveness', container.livenessProbe],
      ['Readiness', container.readinessProbe],
      ['Startup', container.startupProbe],
    ] as const) {
      if (probe) out.line(2, `${title}:\t${probeText(probe)}`);
    }
    if (container.envFrom?.length) describeEnvFrom(out, container);
    describeEnv(out, container, options.fieldValue);
    describeMounts(out, container);
  }
}

function describeBasics(
  out: Description,
  container: Container,
  status: ContainerStatus | undefined,
  space: string,
): void {
  out.line(1, `${space === '' ? '' : ' '}${container.name}:`);
  if (status) out.line(2, `Container ID:\t${status.containerID ?? ''}`);
  out.line(2, `Image:\t${container.image ?? ''}`);
  if (status) out.line(2, `Image ID:\t${status.imageID ?? ''}`);
  const ports = (container.ports ?? []).map((port) => `${port.containerPort}/${port.protocol ?? 'TCP'}`);
  out.line(2, `${ports.length > 1 ? 'Ports' : 'Port'}:\t${ports.join(', ') || '<none>'}`);
  const hostPorts = (container.ports ?? []).map((port) => `${port.hostPort ?? 0}/${port.protocol ?? 'TCP'}`);
  out.line(2, `${hostPorts.length > 1 ? 'Host Ports' : 'Host Port'}:\t${hostPorts.join(', ') || '<none>'}`);
  const seccomp = container.securityContext?.seccompProfile;
  if (seccomp) {
    out.line(2, `SeccompProfile:\t${seccomp.type}`);
    if (seccomp.type === 'Localhost') out.line(3, `LocalhostProfile:\t${seccomp.localhostProfile}`);
  }
}

function describeWords(out: Description, title: string, words: readonly string[] | undefined): void {
  if (!words?.length) return;
  out.line(2, `${title}:`);
  for (const word of words) for (const line of word.split('\n')) out.line(3, line);
}

function describeStatus(out: Description, status: ContainerStatus): void {
  describeState(out, 'State', status.state);
  if (status.lastState?.terminated) describeState(out, 'Last State', status.lastState);
  out.line(2, `Ready:\t${status.ready ? 'True' : 'False'}`);
  out.line(2, `Restart Count:\t${status.restartCount}`);
}

function describeState(out: Description, title: string, state: ContainerState | undefined): void {
  const { running, waiting, terminated } = state ?? {};
  if (running) {
    out.line(2, `${title}:\tRunning`);
    out.line(3, `Started:\t${longTime(running.startedAt)}`);
  } else if (waiting) {
    out.line(2, `${title}:\tWaiting`);
    if (waiting.reason) out.line(3, `Reason:\t${waiting.reason}`);
  } else if (terminated) {
    out.line(2, `${title}:\tTerminated`);
    if (terminated.reason) out.line(3, `Reason:\t${terminated.reason}`);
    if (terminated.message) out.line(3, `Message:\t${terminated.message}`);
    out.line(3, `Exit Code:\t${terminated.exitCode}`);
    if (terminated.signal) out.line(3, `Signal:\t${terminated.signal}`);
    out.line(3, `Started:\t${longTime(terminated.startedAt)}`);
    out.line(3, `Finished:\t${longTime(terminated.finishedAt)}`);
  } else out.line(2, `${title}:\tWaiting`);
}

export function describeResources(out: Description, resources: ResourceRequirements | undefined, level: number): void {
  for (const [title, list] of [
    ['Limits', resources?.limits],
    ['Requests', resources?.requests],
  ] as const) {
    const names = Object.keys(list ?? {}).sort();
    if (names.length > 0) out.line(level, `${title}:`);
    for (const name of names) out.line(level + 1, `${name}:\t${Quantity.parse(list![name]!)}`);
  }
}

function probeText(probe: Probe): string {
  const { exec, httpGet, tcpSocket, grpc } = probe;
  const attributes = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`;
  if (exec) return `exec [${(exec.command ?? []).join(' ')}] ${attributes}`;
  if (httpGet)
    return `http-get ${(httpGet.scheme ?? 'HTTP').toLowerCase()}://${httpGet.host ?? ''}:${httpGet.port}${httpGet.path ?? ''} ${attributes}`;
  if (tcpSocket) return `tcp-socket ${tcpSocket.host ?? ''}:${tcpSocket.port} ${attributes}`;
  if (grpc) return `grpc <pod>:${grpc.port} ${grpc.service ?? ''} ${attributes}`;
  return `unknown ${attributes}`;
}

function describeEnvFrom(out: Description, container: Container): void {
  out.line(2, 'Environment Variables from:');
  for (const { configMapRef, secretRef, prefix } of container.envFrom ?? []) {
    const source = configMapRef ?? secretRef;
    const from = configMapRef ? 'ConfigMap' : secretRef ? 'Secret' : '';
    out.line(
      3,
      `${source?.name ?? ''}\t${from}${prefix ? ` with prefix '${prefix}'` : ''}\tOptional: ${source?.optional ?? false}`,
    );
  }
}

function describeEnv(out: Description, container: Container, fieldValue: ContainerOptions['fieldValue']): void {
  out.line(2, `Environment:${container.env?.length ? '' : '\t<none>'}`);
  for (const variable of container.env ?? [])
    for (const line of envLines(variable, container, fieldValue)) out.line(3, line);
}

function envLines(
  { name, value = '', valueFrom }: EnvVar,
  container: Container,
  fieldValue: ContainerOptions['fieldValue'],
): string[] {
  if (!valueFrom) return value.split('\n').map((line, i) => (i === 0 ? `${name}:\t${line}` : `\t${line}`));
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = valueFrom;
  if (fieldRef)
    return [
      `${name}:\t${fieldValue?.(fieldRef.fieldPath) ?? ''} (${fieldRef.apiVersion ?? 'v1'}:${fieldRef.fieldPath})`,
    ];
  if (resourceFieldRef) {
    const amount = resourceValue(container, resourceFieldRef.resource, resourceFieldRef.divisor);
    const shown =
      amount === '0' && /^limits\.(cpu|memory)$/.test(resourceFieldRef.resource) ? 'node allocatable' : amount;
    return [`${name}:\t${shown} (${resourceFieldRef.resource})`];
  }
  if (secretKeyRef) {
    return [
      `${name}:\t<set to the key '${secretKeyRef.key}' in secret '${secretKeyRef.name}'>\tOptional: ${secretKeyRef.optional ?? false}`,
    ];
  }
  if (configMapKeyRef) {
    return [
      `${name}:\t<set to the key '${configMapKeyRef.key}' of config map '${configMapKeyRef.name}'>\tOptional: ${configMapKeyRef.optional ?? false}`,
    ];
  }
  return [];
}

/** A resource of the container in units of the divisor, rounded up. */
function resourceValue(container: Container, path: string, divisor: string | number | undefined): string {
  const [list, ...rest] = path.split('.');
  const name = rest.join('.');
  const amount = container.resources?.[list as 'limits' | 'requests']?.[name];
  if (amount === undefined) return '0';
  const unit = divisor === undefined || Quantity.parse(divisor).isZero() ? Quantity.parse(1) : Quantity.parse(divisor);
  if (name === 'cpu') return String(Math.ceil(Number(Quantity.parse(amount).milliValue()) / Number(unit.milliValue())));
  return String(Math.ceil(Number(Quantity.parse(amount).value()) / Number(unit.value())));
}

function describeMounts(out: Description, container: Container): void {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  out.line(2, `Mounts:${mounts.length > 0 ? '' : '\t<none>'}`);
  for (const mount of mounts) {
    const flags = [mount.readOnly ? 'ro' : 'rw', ...(mount.subPath ? [`path=${JSON.stringify(mount.subPath)}`] : [])];
    out.line(3, `${mount.mountPath} from ${mount.name} (${flags.join(',')})`);
  }
  if (!container.volumeDevices?.length) return;
  out.line(2, 'Devices:');
  for (const device of container.volumeDevices) out.line(3, `${device.devicePath} from ${device.name}`);
}
