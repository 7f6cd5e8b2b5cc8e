import { findCondition } from '@coracle/api/meta/conditions';
import { keyOf } from '@coracle/api/meta/object';
import { parseTime } from '@coracle/api/meta/time';
import type { Pod, Service } from '@coracle/api/types/core/v1';

/** On endpoints and slices: when what led to their last change happened (network programming latency is measured from it). */
export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Finds, for each reconcile of a service, the earliest change of service or pods since the one before. */
export class TriggerTimes {
  readonly #seen = new Map<string, { service: number; pods: Map<string, number> }>();

  /** Milliseconds; undefined where nothing changed that carries a time. Deleted pods carry none. */
  earliest(service: Service, pods: readonly Pod[]): number | undefined {
    const key = keyOf(service);
    const before = this.#seen.get(key);
    const times: number[] = [];
    const made = parseTime(service.metadata.creationTimestamp!);
    if (made > (before?.service ?? 0)) times.push(made);
    const seen = new Map<string, number>();
    for (const pod of pods) {
      const text = findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime;
      if (!text) continue;
      const time = parseTime(text);
      seen.set(pod.metadata.name!, time);
      if (time > (before?.pods.get(pod.metadata.name!) ?? 0)) times.push(time);
    }
    this.#seen.set(key, { service: made, pods: seen });
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
