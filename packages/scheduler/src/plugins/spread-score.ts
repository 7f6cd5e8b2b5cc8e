import type { StateData } from '../framework/cycle-state.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { NodeScore } from '../framework/plugin.ts';
import { maxNodeScore } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { SpreadConstraint } from './spread-constraints.ts';
import { countOn, hasAllKeys, includes } from './spread-constraints.ts';

const hostname = 'kubernetes.io/hostname';

/** What Score needs to know of all nodes, for a pod's soft constraints. Not changed once built. */
export class SpreadScores implements StateData {
  readonly #constraints: readonly SpreadConstraint[];
  /** Per constraint, the pods in each domain of the candidate nodes; hostnames are counted node by node instead. */
  readonly #counts: readonly Map<string, number>[];
  /** Per constraint, more for many domains: a skew among few is worse than among many. */
  readonly #weights: readonly number[];
  readonly #ignored: ReadonlySet<string>;

  constructor(
    pod: PodInfo,
    constraints: readonly SpreadConstraint[],
    {
      candidates,
      nodes,
      requireAll,
    }: { candidates: readonly NodeInfo[]; nodes: readonly NodeInfo[]; requireAll: boolean },
  ) {
    const ignored = new Set<string>();
    const counts = constraints.map(() => new Map<string, number>());
    for (const node of candidates) {
      if (requireAll && !hasAllKeys(node, constraints)) {
        ignored.add(node.name);
        continue;
      }
      for (const [i, { topologyKey }] of constraints.entries()) {
        const domain = node.labels[topologyKey];
        if (topologyKey !== hostname && domain !== undefined) counts[i]!.set(domain, 0);
      }
    }
    this.#constraints = constraints;
    this.#counts = counts;
    this.#ignored = ignored;
    this.#weights = constraints.map(({ topologyKey }, i) =>
      Math.log((topologyKey === hostname ? candidates.length - ignored.size : counts[i]!.size) + 2),
    );
    if (constraints.every((each) => each.topologyKey === hostname)) return;
    for (const node of nodes) {
      if (requireAll && !hasAllKeys(node, constraints)) continue;
      for (const [i, constraint] of constraints.entries()) {
        const domain = node.labels[constraint.topologyKey];
        if (domain === undefined || !counts[i]!.has(domain) || !includes(constraint, pod.pod, node)) continue;
        counts[i]!.set(domain, counts[i]!.get(domain)! + countOn(node, pod, constraint));
      }
    }
  }

  /** The more selected pods are in the node's domains, the higher; `normalize` turns it round. */
  score(pod: PodInfo, node: NodeInfo): number {
    if (this.#ignored.has(node.name)) return 0;
    let score = 0;
    for (const [i, constraint] of this.#constraints.entries()) {
      const domain = node.labels[constraint.topologyKey];
      if (domain === undefined) continue;
      const count =
        constraint.topologyKey === hostname ? countOn(node, pod, constraint) : this.#counts[i]!.get(domain)!;
      score += count * this.#weights[i]! + (constraint.maxSkew - 1);
    }
    return Math.round(score);
  }

  normalize(scores: readonly NodeScore[]): void {
    let min = Number.POSITIVE_INFINITY;
    let max = 0;
    for (const { node, score } of scores) {
      if (this.#ignored.has(node.name)) continue;
      min = Math.min(min, score);
      max = Math.max(max, score);
    }
    for (const each of scores) {
      if (this.#ignored.has(each.node.name)) each.score = 0;
      else if (max === 0) each.score = maxNodeScore;
      else each.score = Math.floor((maxNodeScore * (max + min - each.score)) / max);
    }
  }

  clone(): StateData {
    return this;
  }
}
