import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import { desiredAnnotation, maxAnnotation, numberOf } from './annotations.ts';
import { isRolling, maxSurge, oldestFirst, type Resize, sizeOf, totalSize, wanted } from './rolling.ts';

/** Whether spec.replicas has changed since the sets were last sized. */
export const isScaling = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((set) => {
    const desired = sizeOf(set) > 0 ? numberOf(set, desiredAnnotation) : undefined;
    return desired !== undefined && desired !== wanted(deployment);
  });

/** The new set has the full size and all its pods are available. */
export const isSaturated = (deployment: Deployment, set: ReplicaSet | undefined): boolean =>
  set !== undefined &&
  numberOf(set, desiredAnnotation) === wanted(deployment) &&
  sizeOf(set) === wanted(deployment) &&
  (set.status?.availableReplicas ?? 0) === wanted(deployment);

/**
 * How the sets change when the deployment's size does. One active set takes it all; a finished rollout drops the old ones; in the
 * middle of one, all active sets grow or shrink in proportion to their sizes, the largest taking what rounding leaves.
 */
export function scaleSets(
  deployment: Deployment,
  olds: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
): Resize[] {
  const replicas = wanted(deployment);
  const only = activeOrLatest(newSet, olds);
  if (only) return [{ set: only, replicas }];
  const active = (sets: readonly ReplicaSet[]): ReplicaSet[] => sets.filter((set) => sizeOf(set) > 0);
  if (isSaturated(deployment, newSet)) return active(olds).map((set) => ({ set, replicas: 0 }));
  if (!isRolling(deployment)) return [];

  const all = active(newSet ? [...olds, newSet] : olds);
  const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0;
  const toAdd = allowed - totalSize(all);
  const newestFirst = oldestFirst(all).reverse();
  const sorted = (toAdd > 0 ? newestFirst : oldestFirst(all)).sort((a, b) => sizeOf(b) - sizeOf(a));
  let added = 0;
  const sizes = sorted.map((set) => {
    const share = toAdd === 0 ? 0 : proportion(set, deployment, toAdd, added);
    added += share;
    return sizeOf(set) + share;
  });
  if (sizes.length > 0 && toAdd !== 0) sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
  return sorted.map((set, i) => ({ set, replicas: sizes[i]! }));
}

/** The single active set, or the latest when none is; undefined while several are. */
function activeOrLatest(newSet: ReplicaSet | undefined, olds: readonly ReplicaSet[]): ReplicaSet | undefined {
  const all = newSet ? [...olds, newSet] : olds;
  const active = all.filter((set) => sizeOf(set) > 0);
  if (active.length > 1) return undefined;
  return active[0] ?? newSet ?? oldestFirst(olds).at(-1);
}

/** A set's part of what is to be added, never more than is left of it. */
function proportion(set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  const left = toAdd - added;
  if (sizeOf(set) === 0 || left === 0) return 0;
  const fraction = fractionOf(set, deployment);
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

function fractionOf(set: ReplicaSet, deployment: Deployment): number {
  if (wanted(deployment) === 0) return -sizeOf(set);
  const now = wanted(deployment) + maxSurge(deployment);
  const before = numberOf(set, maxAnnotation) || deployment.status?.replicas || 0;
  if (before === 0) return 0;
  return roundHalfAway((sizeOf(set) * now) / before) - sizeOf(set);
}

const roundHalfAway = (x: number): number => Math.sign(x) * Math.round(Math.abs(x));
