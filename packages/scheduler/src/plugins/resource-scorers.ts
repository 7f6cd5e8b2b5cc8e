import { maxNodeScore } from '../framework/plugin.ts';

/** Amounts of one resource on a node: with the pod, without it, and what the node offers. */
export interface Usage {
  readonly withPod: number;
  readonly without: number;
  readonly allocatable: number;
  readonly weight: number;
}

/** Scores a node 0..100 from the use of each resource; resources the node does not offer are left out. */
export type ResourceScorer = (usage: readonly Usage[]) => number;

function weighted(score: (withPod: number, allocatable: number) => number): ResourceScorer {
  return (usage) => {
    let sum = 0;
    let weights = 0;
    for (const { withPod, allocatable, weight } of usage) {
      if (allocatable === 0) continue;
      sum += score(withPod, allocatable) * weight;
      weights += weight;
    }
    return weights === 0 ? 0 : Math.floor(sum / weights);
  };
}

/** Prefers nodes with much left. */
export const leastAllocated: ResourceScorer = weighted((withPod, allocatable) =>
  withPod > allocatable ? 0 : Math.floor(((allocatable - withPod) * maxNodeScore) / allocatable),
);

/** Prefers nodes with little left. */
export const mostAllocated: ResourceScorer = weighted((withPod, allocatable) =>
  Math.floor((Math.min(withPod, allocatable) * maxNodeScore) / allocatable),
);

export interface ShapePoint {
  /** Percent of the resource in use. */
  readonly utilization: number;
  /** 0..10. */
  readonly score: number;
}

/** Scores utilization by a broken line through the given points (utilization rising). */
export function requestedToCapacityRatio(shape: readonly ShapePoint[]): ResourceScorer {
  const points = shape.map(({ utilization, score }) => ({ utilization, score: score * (maxNodeScore / 10) }));
  const at = (percent: number): number => {
    const i = points.findIndex((each) => percent <= each.utilization);
    if (i < 0) return points.at(-1)!.score;
    if (i === 0) return points[0]!.score;
    const from = points[i - 1]!;
    const to = points[i]!;
    const share = (percent - from.utilization) / (to.utilization - from.utilization);
    return from.score + Math.trunc((to.score - from.score) * share);
  };
  return (usage) => {
    let sum = 0;
    let weights = 0;
    for (const { withPod, allocatable, weight } of usage) {
      if (allocatable === 0) continue;
      const score = at(withPod > allocatable ? 100 : Math.trunc((withPod * 100) / allocatable));
      if (score <= 0) continue;
      sum += score * weight;
      weights += weight;
    }
    return weights === 0 ? 0 : Math.round(sum / weights);
  };
}

/** Prefers nodes where the pod makes the resources more evenly used than they were: 50 when it changes nothing. */
export const balancedAllocation: ResourceScorer = (usage) => {
  const half = maxNodeScore / 2;
  const after = evenness(usage.map((each) => ({ used: each.withPod, of: each.allocatable })));
  const before = evenness(usage.map((each) => ({ used: each.without, of: each.allocatable })));
  return half + Math.trunc((half + after - before) / 2);
};

/** 100 when all resources are used to the same share, less the further their shares are apart (standard deviation). */
function evenness(resources: readonly { used: number; of: number }[]): number {
  const shares = resources.filter((each) => each.of !== 0).map((each) => Math.min(1, each.used / each.of));
  if (shares.length < 2) return maxNodeScore;
  const mean = shares.reduce((sum, each) => sum + each, 0) / shares.length;
  const variance = shares.reduce((sum, each) => sum + (each - mean) ** 2, 0) / shares.length;
  return Math.trunc((1 - Math.sqrt(variance)) * maxNodeScore);
}
