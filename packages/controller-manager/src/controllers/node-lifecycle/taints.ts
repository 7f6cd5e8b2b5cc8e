import { findCondition } from '@coracle/api/meta/conditions';
import type { Node, Taint } from '@coracle/api/types/core/v1';
import { unhealthyTaint } from './health.ts';

/** Conditions that keep new pods off a node, with the taint that does it, by the status that is bad. */
const byCondition: readonly { type: string; taints: Readonly<Record<string, string>> }[] = [
  { type: 'Ready', taints: { False: 'node.kubernetes.io/not-ready', Unknown: 'node.kubernetes.io/unreachable' } },
  { type: 'MemoryPressure', taints: { True: 'node.kubernetes.io/memory-pressure' } },
  { type: 'DiskPressure', taints: { True: 'node.kubernetes.io/disk-pressure' } },
  { type: 'PIDPressure', taints: { True: 'node.kubernetes.io/pid-pressure' } },
  { type: 'NetworkUnavailable', taints: { True: 'node.kubernetes.io/network-unavailable' } },
];
const unschedulable = 'node.kubernetes.io/unschedulable';
const managedNoSchedule = new Set([unschedulable, ...byCondition.flatMap(({ taints }) => Object.values(taints))]);
const managedNoExecute = new Set(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);

/** Whether the taint that has pods evicted may be set now; one that is there stays while its reason lasts, unless evictions stop. */
export type Eviction = 'start' | 'wait' | 'stop';

/** Whether the pods of a node are being evicted, for it is not ready or out of reach. */
export const isEvicting = (node: Node): boolean =>
  (node.spec.taints ?? []).some((each) => each.effect === 'NoExecute' && managedNoExecute.has(each.key));

/**
 * The taints a node should have: those of others as they are, and those that follow from its conditions. Undefined where nothing
 * changes.
 */
export function taintsOf(node: Node, eviction: Eviction, time: string): Taint[] | undefined {
  const old = node.spec.taints ?? [];
  const noSchedule = new Set<string>(node.spec.unschedulable ? [unschedulable] : []);
  for (const { type, taints } of byCondition) {
    const key = taints[findCondition(node.status?.conditions, type)?.status ?? ''];
    if (key) noSchedule.add(key);
  }
  const unhealthy = unhealthyTaint(node);
  const evicted = eviction === 'start' || (eviction === 'wait' && isEvicting(node));
  const noExecute = new Set<string>(unhealthy && evicted ? [unhealthy] : []);
  const kept = old.filter(({ key, effect }) => {
    if (effect === 'NoSchedule' && managedNoSchedule.has(key)) return noSchedule.has(key);
    if (effect === 'NoExecute' && managedNoExecute.has(key)) return noExecute.has(key);
    return true;
  });
  const missing = (keys: ReadonlySet<string>, effect: string): Taint[] =>
    [...keys]
      .filter((key) => !kept.some((each) => each.key === key && each.effect === effect))
      .map((key) => ({ key, effect, timeAdded: time }));
  const added = [...missing(noSchedule, 'NoSchedule'), ...missing(noExecute, 'NoExecute')];
  return added.length === 0 && kept.length === old.length ? undefined : [...kept, ...added];
}
