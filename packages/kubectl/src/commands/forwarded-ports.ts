import { isIPv4, isIPv6 } from 'node:net';
import type { Pod, Service } from '@coracle/api/types/core/v1';
import { CommandFailure } from '../cli/failure.ts';

/** A local port (0 to let the machine choose) and the pod's port behind it. */
export interface Forwarded {
  readonly local: number;
  readonly remote: number;
}

/** Parses `8080:80`, `80`, `:80` and `8080:http`; ports of a service are turned into those of its pod. */
export function forwardedPorts(specs: readonly string[], pod: Pod, service: Service | undefined): Forwarded[] {
  return specs.map((spec) => {
    const parts = spec.split(':');
    if (parts.length > 2) throw new CommandFailure(`invalid port format '${spec}'`);
    const [localText, remoteText] = parts.length === 1 ? [spec, spec] : (parts as [string, string]);
    const remote = service ? targetPort(service, pod, remoteText) : podPort(pod, remoteText);
    if (parts.length === 2) return { local: localText === '' ? 0 : number(localText), remote };
    const local = /^\d+$/.test(spec) ? number(spec) : service ? servicePort(service, spec) : remote;
    return { local, remote };
  });
}

function number(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65535) {
    throw new CommandFailure(
      `error parsing local port '${text}': strconv.ParseUint: parsing ${JSON.stringify(text)}: ${/^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'}`,
    );
  }
  return Number(text);
}

function podPort(pod: Pod, text: string): number {
  if (/^\d+$/.test(text)) {
    const port = Number(text);
    if (port === 0 || port > 65535) throw new CommandFailure('remote port must be > 0');
    return port;
  }
  for (const container of pod.spec.containers) {
    for (const port of container.ports ?? []) if (port.name === text) return port.containerPort;
  }
  throw new CommandFailure(`Pod '${pod.metadata.name}' does not have a named port '${text}'`);
}

function findServicePort(service: Service, text: string): NonNullable<NonNullable<Service['spec']>['ports']>[number] {
  const ports = service.spec?.ports ?? [];
  const found = ports.find((port) => (/^\d+$/.test(text) ? port.port === Number(text) : port.name === text));
  if (found) return found;
  if (/^\d+$/.test(text))
    throw new CommandFailure(`Service ${service.metadata.name} does not have a service port ${text}`);
  throw new CommandFailure(`Service '${service.metadata.name}' does not have a named port '${text}'`);
}

const servicePort = (service: Service, text: string): number => findServicePort(service, text).port;

function targetPort(service: Service, pod: Pod, text: string): number {
  const { targetPort: target, port } = findServicePort(service, text);
  if (service.spec?.clusterIP === 'None') return port;
  return target === undefined || target === 0 ? port : podPort(pod, String(target));
}

/** The IP addresses of --address values; `localhost` stands for both loopback addresses. */
export function addressesOf(given: readonly string[]): string[] {
  return [
    ...new Set(
      given.flatMap((address) => {
        if (address === 'localhost') return ['127.0.0.1', '::1'];
        if (isIPv4(address) || isIPv6(address)) return [address];
        throw new CommandFailure(`${address} is not a valid IP`);
      }),
    ),
  ];
}
