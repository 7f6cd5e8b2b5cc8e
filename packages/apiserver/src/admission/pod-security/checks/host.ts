import type { LifecycleHandler, Probe } from '@coracle/api/types/core/v1';
import { type CheckPod, containersOf, containersWith, counted, quotedList, setters, sorted } from './check.ts';

/** No namespaces of the host. */
export const hostNamespaces: CheckPod = (spec) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') };
};

/** No ports of the host. */
export const hostPorts: CheckPod = (spec) => {
  const found = containersOf(spec).flatMap(({ name, ports = [] }) => {
    const used = ports.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
    return used.length > 0 ? [{ name, used }] : [];
  });
  if (found.length === 0) return undefined;
  const ports = sorted(found.flatMap(({ used }) => used));
  return {
    reason: 'hostPort',
    detail: `${uses(found.map(({ name }) => name))} ${ports.length === 1 ? 'hostPort' : 'hostPorts'} ${ports.join(', ')}`,
  };
};

/** No probes and hooks that the kubelet sends elsewhere. */
export const hostProbesAndLifecycle: CheckPod = (spec) => {
  const found = containersOf(spec).flatMap(({ name, livenessProbe, readinessProbe, startupProbe, lifecycle }) => {
    const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
    const hosts = handlers.flatMap(hostsOf);
    return hosts.length > 0 ? [{ name, hosts }] : [];
  });
  if (found.length === 0) return undefined;
  const hosts = sorted(found.flatMap(({ hosts: each }) => each));
  const what = hosts.length === 1 ? 'probe or lifecycle host' : 'probe or lifecycle hosts';
  return {
    reason: 'probe or lifecycle host',
    detail: `${uses(sorted(found.map(({ name }) => name)))} ${what} ${quotedList(hosts)}`,
  };
};

function hostsOf(handler: Probe | LifecycleHandler | undefined): string[] {
  return [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => (host ? [host] : []));
}

function uses(containers: readonly string[]): string {
  return `${counted('container', containers)} ${containers.length === 1 ? 'uses' : 'use'}`;
}

/** No processes of a Windows host. */
export const windowsHostProcess: CheckPod = (spec) => {
  const pod = spec.securityContext?.windowsOptions?.hostProcess === true;
  const containers = containersWith(spec, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
  if (!pod && containers.length === 0) return undefined;
  return {
    reason: 'hostProcess',
    detail: `${setters(pod, containers)} must not set securityContext.windowsOptions.hostProcess=true`,
  };
};
