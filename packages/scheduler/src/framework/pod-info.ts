import { messageOf } from '@coracle/api/meta/message-of';
import type { Pod } from '@coracle/api/types/core/v1';
import type { AffinityTerm, WeightedAffinityTerm } from './affinity-term.ts';
import { affinityTerms, weightedTerms } from './affinity-term.ts';
import type { HostPort } from './host-ports.ts';
import { hostPortsOf } from './host-ports.ts';
import { podRequests } from './pod-requests.ts';
import type { Resources } from './resources.ts';

/** A pod with all that plugins ask of it again and again, worked out once. Immutable; a changed pod gets a new one. */
export interface PodInfo {
  readonly pod: Pod;
  /** The pod's uid: pods of one name that follow each other are different pods. */
  readonly uid: string;
  /** `namespace/name`, for messages. */
  readonly key: string;
  readonly namespace: string;
  readonly priority: number;
  readonly requests: Resources;
  readonly nonZero: { readonly milliCpu: number; readonly memory: number };
  readonly hostPorts: readonly HostPort[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedAffinityTerm[];
  readonly preferredAntiAffinity: readonly WeightedAffinityTerm[];
  /** Why the pod's own affinity could not be read; scheduling such a pod fails with it. */
  readonly problem: string | undefined;
}

/** Works a pod out for scheduling. Never throws: what cannot be read is told by `problem`. */
export function podInfo(pod: Pod): PodInfo {
  const namespace = pod.metadata.namespace ?? 'default';
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const info = {
    pod,
    uid: pod.metadata.uid ?? '',
    key: `${namespace}/${pod.metadata.name}`,
    namespace,
    priority: pod.spec.priority ?? 0,
    ...podRequests(pod),
    hostPorts: hostPortsOf(pod),
  };
  try {
    return {
      ...info,
      requiredAffinity: affinityTerms(pod, podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      requiredAntiAffinity: affinityTerms(pod, podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
      preferredAffinity: weightedTerms(pod, podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      preferredAntiAffinity: weightedTerms(pod, podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      problem: undefined,
    };
  } catch (error) {
    const none = { requiredAffinity: [], requiredAntiAffinity: [], preferredAffinity: [], preferredAntiAffinity: [] };
    return { ...info, ...none, problem: `parsing pod: ${messageOf(error)}` };
  }
}

/** The same pod as if bound to `node`: what the cache holds between the decision and its confirmation. */
export function assumedOn(info: PodInfo, node: string): PodInfo {
  return { ...info, pod: { ...info.pod, spec: { ...info.pod.spec, nodeName: node } } };
}

export function hasAffinity(info: PodInfo): boolean {
  return (
    info.requiredAffinity.length > 0 ||
    info.requiredAntiAffinity.length > 0 ||
    info.preferredAffinity.length > 0 ||
    info.preferredAntiAffinity.length > 0
  );
}
