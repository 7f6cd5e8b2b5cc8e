import { isObject } from '@coracle/api/meta/object';
import type { Container, Pod, Service, ServicePort } from '@coracle/api/types/core/v1';
import { isTerminated } from './pods.ts';

/** Set on slices and endpoints of services without a cluster IP. */
export const headlessLabel = 'service.kubernetes.io/headless';

export const isHeadless = (service: Service): boolean => service.spec?.clusterIP === 'None';

/** A port of a pod that a service port leads to. */
export interface ResolvedPort {
  name: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

/** Whether a controller makes the service's endpoints: it selects pods and is no alias of an outside name. */
export const hasManagedEndpoints = (service: Service): boolean =>
  service.spec?.type !== 'ExternalName' &&
  isObject(service.spec?.selector) &&
  Object.keys(service.spec.selector).length > 0;

/** Whether the pod counts among a service's endpoints: it has an address and has not ended. */
export const isReachable = (pod: Pod, terminatingToo: boolean): boolean =>
  !isTerminated(pod) && (pod.status?.podIPs?.length ?? 0) > 0 && (terminatingToo || !pod.metadata.deletionTimestamp);

/** The ports of the pod behind the service's ports; named ones the pod does not have are left out. */
export function resolvePorts(service: Service, pod: Pod): ResolvedPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = portOf(pod, port);
    if (number === undefined) return [];
    const resolved: ResolvedPort = { name: port.name ?? '', port: number, protocol: port.protocol ?? 'TCP' };
    return [port.appProtocol === undefined ? resolved : { ...resolved, appProtocol: port.appProtocol }];
  });
}

function portOf(pod: Pod, { targetPort, port, protocol = 'TCP' }: ServicePort): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port;
  if (typeof targetPort === 'number') return targetPort;
  const sidecars = pod.spec?.initContainers?.filter((each) => each.restartPolicy === 'Always') ?? [];
  const containers: Container[] = [...(pod.spec?.containers ?? []), ...sidecars];
  const named = containers.flatMap((each) => each.ports ?? []);
  return named.find((each) => each.name === targetPort && (each.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** The host name of a pod within a headless service's domain. */
export const hostnameIn = (service: Service, pod: Pod): string | undefined =>
  pod.spec?.hostname &&
  pod.spec.subdomain === service.metadata.name &&
  pod.metadata.namespace === service.metadata.namespace
    ? pod.spec.hostname
    : undefined;
