import { pod as podKind } from '@coracle/api/core/v1/pod';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { deepEqual, keyOf } from '@coracle/api/meta/object';
import type { Pod, Service } from '@coracle/api/types/core/v1';
import { mapped, own, type Scope, type Watch } from './controller.ts';
import { isReady } from './pods.ts';

/** Services, and the pods whose changes matter to the endpoints of services that select them. */
export const serviceWatches: readonly Watch[] = [
  own(serviceKind),
  mapped(podKind, (pod, old, scope) => {
    if (old && !changesEndpoints(old, pod)) return [];
    const relabelled = old && !deepEqual(old.metadata.labels, pod.metadata.labels);
    return new Set([...servicesOf(pod, scope), ...(relabelled ? servicesOf(old, scope) : [])]);
  }),
];

function servicesOf(pod: Pod, scope: Scope): string[] {
  return scope.listers
    .list(serviceKind, pod.metadata.namespace)
    .filter((service) => selects(service, pod))
    .map(keyOf);
}

/** Whether the service's selector, which is a plain map of labels, picks the pod. */
export function selects(service: Service, pod: Pod): boolean {
  const wanted = Object.entries(service.spec?.selector ?? {});
  const labels = pod.metadata.labels ?? {};
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

function changesEndpoints(old: Pod, pod: Pod): boolean {
  const facts = (it: Pod): unknown => [
    it.metadata.uid,
    it.metadata.labels,
    Boolean(it.metadata.deletionTimestamp),
    it.status?.phase,
    it.status?.podIPs,
    isReady(it),
    it.spec?.nodeName,
    it.spec?.hostname,
  ];
  return !deepEqual(facts(old), facts(pod));
}
