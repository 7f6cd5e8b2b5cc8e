import type { StateData } from '../framework/cycle-state.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { SpreadConstraint } from './spread-constraints.ts';
import { countOn, hasAllKeys, includes, selects } from './spread-constraints.ts';

/** How many selected pods each topology domain holds, for one constraint. */
class Domains {
  readonly #counts: Map<string, number>;
  #least: number | undefined;

  constructor(counts = new Map<string, number>()) {
    this.#counts = counts;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** The count of the emptiest domain, 0 when there is none. */
  get least(): number {
    if (this.#least === undefined) {
      let least = Number.POSITIVE_INFINITY;
      for (const count of this.#counts.values()) if (count < least) least = count;
      this.#least = this.#counts.size === 0 ? 0 : least;
    }
    return this.#least;
  }

  get(domain: string): number {
    return this.#counts.get(domain) ?? 0;
  }

  add(domain: string, count: number): void {
    this.#counts.set(domain, this.get(domain) + count);
    this.#least = undefined;
  }

  clone(): Domains {
    return new Domains(new Map(this.#counts));
  }
}

/** What Filter needs to know of all nodes, for a pod's hard constraints. */
export class SpreadState implements StateData {
  readonly constraints: readonly SpreadConstraint[];
  readonly #domains: readonly Domains[];

  constructor(constraints: readonly SpreadConstraint[], domains: readonly Domains[]) {
    this.constraints = constraints;
    this.#domains = domains;
  }

  static of(pod: PodInfo, constraints: readonly SpreadConstraint[], nodes: readonly NodeInfo[]): SpreadState {
    const domains = constraints.map(() => new Domains());
    for (const node of nodes) {
      if (!hasAllKeys(node, constraints)) continue;
      for (const [i, constraint] of constraints.entries()) {
        if (!includes(constraint, pod.pod, node)) continue;
        domains[i]!.add(node.labels[constraint.topologyKey]!, countOn(node, pod, constraint));
      }
    }
    return new SpreadState(constraints, domains);
  }

  /** Takes a pod on `node` into account, or (by -1) out of it. */
  count(pod: PodInfo, other: PodInfo, node: NodeInfo, by: 1 | -1): void {
    if (other.namespace !== pod.namespace || !hasAllKeys(node, this.constraints)) return;
    for (const [i, constraint] of this.constraints.entries()) {
      if (!selects(constraint, other.pod) || !includes(constraint, pod.pod, node)) continue;
      this.#domains[i]!.add(node.labels[constraint.topologyKey]!, by);
    }
  }

  /** By how much the node's domain would exceed the emptiest one with the pod on it; compare with maxSkew. */
  skew(i: number, pod: PodInfo, domain: string): number {
    const constraint = this.constraints[i]!;
    const domains = this.#domains[i]!;
    const least = domains.size < constraint.minDomains ? 0 : domains.least;
    return domains.get(domain) + (selects(constraint, pod.pod) ? 1 : 0) - least;
  }

  clone(): SpreadState {
    return new SpreadState(
      this.constraints,
      this.#domains.map((each) => each.clone()),
    );
  }
}
