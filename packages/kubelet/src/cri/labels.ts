import type { Container, EphemeralContainer, Pod } from '@coracle/api/types/core/v1';

/** Labels and annotations that tie sandboxes and containers to pods: the state a restarted kubelet finds again. */
export const podNameLabel = 'io.kubernetes.pod.name';
export const podNamespaceLabel = 'io.kubernetes.pod.namespace';
export const podUidLabel = 'io.kubernetes.pod.uid';
export const containerNameLabel = 'io.kubernetes.container.name';

const hash = 'io.kubernetes.container.hash';
const restartCount = 'io.kubernetes.container.restartCount';
const terminationMessagePath = 'io.kubernetes.container.terminationMessagePath';
const terminationMessagePolicy = 'io.kubernetes.container.terminationMessagePolicy';
const preStopHandler = 'io.kubernetes.container.preStopHandler';
const ports = 'io.kubernetes.container.ports';
const deletionGracePeriod = 'io.kubernetes.pod.deletionGracePeriod';
const terminationGracePeriod = 'io.kubernetes.pod.terminationGracePeriod';

type AnyContainer = Container | EphemeralContainer;

/** What the annotations of a container remember of its pod's spec. */
export interface ContainerMemory {
  hash: string;
  restartCount: number;
  terminationMessagePath: string;
  terminationMessagePolicy: string;
  /** Seconds; what a container whose pod is not known any more gets to end. */
  terminationGracePeriod?: number;
  preStop?: NonNullable<Container['lifecycle']>['preStop'];
}

export function sandboxLabels(pod: Pod): Record<string, string> {
  return { ...pod.metadata.labels, ...identity(pod) };
}

export function sandboxAnnotations(pod: Pod): Record<string, string> {
  return { ...pod.metadata.annotations };
}

export function containerLabels(pod: Pod, container: AnyContainer): Record<string, string> {
  return { ...identity(pod), [containerNameLabel]: container.name };
}

export function containerAnnotations(pod: Pod, container: AnyContainer, restarts: number): Record<string, string> {
  const grace = pod.spec.terminationGracePeriodSeconds;
  const deletionGrace = pod.metadata.deletionGracePeriodSeconds;
  return {
    [hash]: containerHash(container),
    [restartCount]: String(restarts),
    [terminationMessagePath]: container.terminationMessagePath ?? '',
    [terminationMessagePolicy]: container.terminationMessagePolicy ?? '',
    ...(grace !== undefined && { [terminationGracePeriod]: String(grace) }),
    ...(deletionGrace !== undefined && { [deletionGracePeriod]: String(deletionGrace) }),
    ...(container.lifecycle?.preStop && { [preStopHandler]: JSON.stringify(container.lifecycle.preStop) }),
    ...(container.ports?.length && { [ports]: JSON.stringify(container.ports) }),
  };
}

/** Reads back what `containerAnnotations` wrote. */
export function readContainerAnnotations(annotations: Record<string, string>): ContainerMemory {
  const grace = annotations[deletionGracePeriod] ?? annotations[terminationGracePeriod];
  const preStop = annotations[preStopHandler];
  return {
    hash: annotations[hash] ?? '',
    restartCount: Number(annotations[restartCount] ?? 0),
    terminationMessagePath: annotations[terminationMessagePath] ?? '',
    terminationMessagePolicy: annotations[terminationMessagePolicy] ?? '',
    ...(grace !== undefined && { terminationGracePeriod: Number(grace) }),
    ...(preStop && { preStop: JSON.parse(preStop) as ContainerMemory['preStop'] }),
  };
}

/**
 * Identifies what of a container's spec may not change under a running container: its name and image, as upstream since 1.31.
 * FNV-1a over the JSON of both, in hexadecimal.
 */
export function containerHash(container: Pick<AnyContainer, 'name' | 'image'>): string {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify({ image: container.image ?? '', name: container.name }))) {
    value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  }
  return value.toString(16);
}

function identity(pod: Pod): Record<string, string> {
  return {
    [podNameLabel]: pod.metadata.name ?? '',
    [podNamespaceLabel]: pod.metadata.namespace ?? '',
    [podUidLabel]: pod.metadata.uid ?? '',
  };
}
