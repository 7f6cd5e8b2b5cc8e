import { resolveIntOrPercent } from '@coracle/api/meta/int-or-string';
import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';

/** A new size for a ReplicaSet. */
export interface Resize {
  set: ReplicaSet;
  replicas: number;
}

export const isRolling = (deployment: Deployment): boolean => deployment.spec.strategy?.type === 'RollingUpdate';

export const wanted = (deployment: Deployment): number => deployment.spec.replicas ?? 1;
export const sizeOf = (set: ReplicaSet): number => set.spec.replicas ?? 0;
export const totalSize = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, set) => sum + sizeOf(set), 0);

const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;

/** How many pods there may be above `replicas`, and how many of them may be missing, while rolling. */
export function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const replicas = wanted(deployment);
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = resolveIntOrPercent(maxSurge ?? 0, replicas, true);
  const unavailable = resolveIntOrPercent(maxUnavailable ?? 0, replicas, false);
  // Both zero (by rounding) would never get anywhere.
  return surge === 0 && unavailable === 0 ? { surge: 0, unavailable: 1 } : { surge, unavailable };
}

export const maxSurge = (deployment: Deployment): number => (isRolling(deployment) ? fenceposts(deployment).surge : 0);

export function maxUnavailable(deployment: Deployment): number {
  const replicas = wanted(deployment);
  if (!isRolling(deployment) || replicas === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, replicas);
}

/** The size the new set may have now, `current` being what it has, so that all sets together stay within the surge. */
export function newSetSize(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const replicas = wanted(deployment);
  if (!isRolling(deployment)) return replicas;
  const limit = replicas + maxSurge(deployment);
  const total = totalSize(all);
  if (total >= limit) return current;
  return current + Math.min(limit - total, replicas - current);
}

const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  a.metadata.creationTimestamp === b.metadata.creationTimestamp
    ? a.metadata.name! < b.metadata.name!
      ? -1
      : 1
    : a.metadata.creationTimestamp! < b.metadata.creationTimestamp!
      ? -1
      : 1;

export const oldestFirst = (sets: readonly ReplicaSet[]): ReplicaSet[] => [...sets].sort(byAge);

/**
 * How the old sets shrink next: pods that are not available first (they cost nothing), then available ones as far as enough
 * stay available. The second step counts on the first, so the result may name a set twice, in order.
 */
export function shrinkOld(
  deployment: Deployment,
  olds: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): Resize[] {
  if (totalSize(olds) === 0) return [];
  const all = newSet ? [...olds, newSet] : [...olds];
  const minAvailable = wanted(deployment) - maxUnavailable(deployment);
  const newUnavailable = newSet ? sizeOf(newSet) - availableOf(newSet) : 0;
  const spare = totalSize(all) - minAvailable - newUnavailable;
  if (spare <= 0) return [];

  const resizes: Resize[] = [];
  const size = new Map(olds.map((set) => [set, sizeOf(set)]));
  const shrink = (set: ReplicaSet, by: number): void => {
    size.set(set, size.get(set)! - by);
    resizes.push({ set, replicas: size.get(set)! });
  };
  let cleaned = 0;
  for (const set of oldestFirst(olds)) {
    const unhealthy = Math.min(sizeOf(set) - availableOf(set), spare - cleaned);
    if (unhealthy <= 0) continue;
    shrink(set, unhealthy);
    cleaned += unhealthy;
  }
  let surplus = all.reduce((sum, set) => sum + availableOf(set), 0) - minAvailable;
  for (const set of oldestFirst(olds)) {
    const healthy = Math.min(size.get(set)!, surplus);
    if (healthy <= 0) continue;
    shrink(set, healthy);
    surplus -= healthy;
  }
  return resizes;
}
