import type { Container, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';

export type AnyContainer = Container | EphemeralContainer;

/** `name_namespace(uid)`: how messages name a pod. */
export const podText = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;

export const fullName = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}`;

/** Annotations on static pods and their mirrors in the API. */
export const configSource = 'kubernetes.io/config.source';
export const configHash = 'kubernetes.io/config.hash';
export const configSeen = 'kubernetes.io/config.seen';

/** Whether a pod comes from elsewhere than the API. */
export const isStatic = (pod: Pod): boolean => {
  const source = pod.metadata.annotations?.[configSource];
  return source !== undefined && source !== 'api';
};

/** An init container that keeps running beside the containers (KEP-753). */
export const isSidecar = (container: AnyContainer): boolean =>
  'restartPolicy' in container && container.restartPolicy === 'Always';

/** The restart policy that counts for a container: its own, or else the pod's. */
export function restartPolicyOf(pod: Pod, container: AnyContainer): string {
  return container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
}

export function hostnameOf(pod: Pod): string {
  const { spec, metadata } = pod;
  if (spec.hostnameOverride) return spec.hostnameOverride;
  if (spec.hostname) return spec.hostname;
  return (metadata.name ?? '').slice(0, 63).replace(/[-.]+$/, '');
}

/** Seconds a pod gets to end: what the deletion asked for, or else the pod's own. */
export function gracePeriodOf(pod: Pod): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}
