import type { Container, ContainerStatus, Pod } from '@coracle/api/types/core/v1';
import type { Resources } from './resources.ts';
import { addResources, copyResources, noResources, parseResources, raiseTo } from './resources.ts';

/** What scoring assumes of a container that requests no CPU (thousandths of a core) or no memory (bytes). */
export const defaultMilliCpu = 100;
export const defaultMemory = 200 * 1024 * 1024;

export interface PodRequests {
  /** What the pod takes from a node: the peak of its life, with overhead. */
  requests: Resources;
  /** The same with defaults where a container requests no CPU or memory: used for spreading such pods, never for fitting. */
  nonZero: { milliCpu: number; memory: number };
}

/**
 * Computes what a pod takes from its node: containers run together, init containers one after the other beside the sidecars
 * (restartable init containers) started before them, so the pod needs the larger of both, plus its overhead. Requests at the
 * level of the pod take the place of its containers'. While a container is being resized, the larger of wish and actual counts.
 * Follows the KEPs 753 (sidecars), 1287 (in-place resize), 2837 (pod-level resources) and 688 (overhead).
 */
export function podRequests(pod: Pod): PodRequests {
  const spec = pod.spec;
  const sums = podSums(pod, (container, status) => containerRequests(container, status, infeasibleResize(pod)));
  const padded = podSums(pod, (container, status) =>
    withDefaults(containerRequests(container, status, infeasibleResize(pod))),
  );
  const podLevel = spec.resources?.requests;
  if (podLevel) {
    const own = parseResources(podLevel);
    for (const target of [sums, padded]) {
      if (podLevel.cpu !== undefined) target.milliCpu = own.milliCpu;
      if (podLevel.memory !== undefined) target.memory = own.memory;
      for (const [name, amount] of own.scalars) if (name.startsWith('hugepages-')) target.scalars.set(name, amount);
    }
  }
  if (spec.overhead) {
    const overhead = parseResources(spec.overhead);
    addResources(sums, overhead);
    addResources(padded, overhead);
  }
  return { requests: sums, nonZero: { milliCpu: padded.milliCpu, memory: padded.memory } };
}

/** Whether no container, nor the pod itself, requests anything that scoring weighs. */
export function requestsNothing(requests: Resources): boolean {
  return (
    requests.milliCpu === 0 && requests.memory === 0 && requests.ephemeralStorage === 0 && requests.scalars.size === 0
  );
}

function podSums(
  pod: Pod,
  requestsOf: (container: Container, status: ContainerStatus | undefined) => Resources,
): Resources {
  const total = noResources();
  const statuses = new Map((pod.status?.containerStatuses ?? []).map((each) => [each.name, each]));
  for (const container of pod.spec.containers) addResources(total, requestsOf(container, statuses.get(container.name)));

  const inits = pod.spec.initContainers;
  if (!inits?.length) return total;
  const initStatuses = new Map((pod.status?.initContainerStatuses ?? []).map((each) => [each.name, each]));
  const sidecars = noResources();
  const peak = noResources();
  for (const init of inits) {
    const own = requestsOf(init, init.restartPolicy === 'Always' ? initStatuses.get(init.name) : undefined);
    if (init.restartPolicy === 'Always') {
      addResources(total, own);
      addResources(sidecars, own);
      raiseTo(peak, sidecars);
    } else {
      addResources(own, sidecars);
      raiseTo(peak, own);
    }
  }
  raiseTo(total, peak);
  return total;
}

/** A fresh object that the caller may change. */
function containerRequests(container: Container, status: ContainerStatus | undefined, infeasible: boolean): Resources {
  const wanted = parseResources(container.resources?.requests);
  if (!status?.resources?.requests && !status?.allocatedResources) return wanted;
  const result = infeasible ? noResources() : copyResources(wanted);
  raiseTo(result, parseResources(status.resources?.requests));
  raiseTo(result, parseResources(status.allocatedResources));
  return result;
}

function withDefaults(requests: Resources): Resources {
  if (requests.milliCpu === 0) requests.milliCpu = defaultMilliCpu;
  if (requests.memory === 0) requests.memory = defaultMemory;
  return requests;
}

function infeasibleResize(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some((each) => each.type === 'PodResizePending' && each.reason === 'Infeasible') ?? false
  );
}
