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

/**
 * The taints a node should have: those of others as they are, and those that follow from its conditions. `evict` says whether the
 * NoExecute taint may be set now (evictions are rationed); one that is there stays while its reason lasts. Undefined where
 * nothing changes.
 */
export function taintsOf(node: Node, evict: boolean, time: string): Taint[] | undefined {
  const old = node.spec.taints ?? [];
  const noSchedule = new Set<string>(node.spec.unschedulable ? [unschedulable] : []);
  for (const { type, taints } of byCondition) {
    const key = taints[findCondition(node.status?.conditions, type)?.status ?? ''];
    if (key) noSchedule.add(key);
  }
  const unhealthy = unhealthyTaint(node);
  const evicted = old.some((each) => each.effect === 'NoExecute' && managedNoExecute.has(each.key));
  const noExecute = new Set(unhealthy && (evict || evicted) ? [unhealthy] : []);
  const kept = old.filter(({ key, effect }) => {
    if (effect === 'NoSchedule' && managedNoSchedule.has(key)) return noSchedule.has(key);
    if (effect === 'NoExecute' && managedNoExecute.has(key)) return noExecute.has(key as never);
    return true;
  });
  const has = (key: string, effect: string) => kept.some((each) => each.key === key && each.effect === effect);
  const added = [
    ...[...noSchedule]
      .filter((key) => !has(key, 'NoSchedule'))
      .map((key) => ({ key, effect: 'NoSchedule', timeAdded: time })),
    ...[...noExecute]
      .filter((key) => !has(key, 'NoExecute'))
      .map((key) => ({ key, effect: 'NoExecute', timeAdded: time })),
  ];
  return added.length === 0 && kept.length === old.length ? undefined : [...kept, ...added];
}
