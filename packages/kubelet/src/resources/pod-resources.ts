import { Quantity } from '@coracle/api/meta/quantity';
import type { Pod, PodSpec } from '@coracle/api/types/core/v1';

type Amounts = Map<string, Quantity>;

/**
 * What a pod as a whole requests (or is limited to): the larger of what its containers need together with the sidecars, and what each
 * init container needs beside the sidecars started before it; plus overhead (KEP-753). Pod-level resources win (KEP-2837).
 */
export function podAmounts(spec: PodSpec, which: 'requests' | 'limits'): Record<string, string> {
  const total: Amounts = new Map();
  for (const container of spec.containers) add(total, of(container.resources?.[which]));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const own = of(container.resources?.[which]);
    if (container.restartPolicy === 'Always') {
      add(sidecars, own);
      max(peak, sidecars);
    } else {
      const beside = new Map(sidecars);
      add(beside, own);
      max(peak, beside);
    }
  }
  add(total, sidecars);
  max(total, peak);
  for (const [name, value] of of(spec.resources?.[which])) total.set(name, value);
  if (spec.overhead) {
    for (const [name, value] of of(spec.overhead)) {
      const known = total.get(name);
      if (which === 'requests' || known) total.set(name, known ? known.add(value) : value);
    }
  }
  return Object.fromEntries([...total].map(([name, value]) => [name, value.toString()]));
}

/** Adds up the requests of several pods, by resource. */
export function requestedBy(pods: Iterable<Pod>): Map<string, Quantity> {
  const total: Amounts = new Map();
  for (const pod of pods) add(total, of(podAmounts(pod.spec, 'requests')));
  return total;
}

/** Whether every container limits a resource: only then the pod's cgroup may be limited by the sum. */
export function allLimited(spec: PodSpec, resource: string): boolean {
  if (spec.resources?.limits?.[resource] !== undefined) return true;
  return [...spec.containers, ...(spec.initContainers ?? [])].every(
    (each) => each.resources?.limits?.[resource] !== undefined,
  );
}

function of(list: Record<string, string> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, value]) => [name, Quantity.parse(value)]));
}

function add(into: Amounts, more: Amounts): void {
  for (const [name, value] of more) into.set(name, into.get(name)?.add(value) ?? value);
}

function max(into: Amounts, other: Amounts): void {
  for (const [name, value] of other) {
    const known = into.get(name);
    if (!known || known.cmp(value) < 0) into.set(name, value);
  }
}
