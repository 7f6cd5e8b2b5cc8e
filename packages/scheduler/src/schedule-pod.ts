import type { Snapshot } from './cache/snapshot.ts';
import type { CycleState } from './framework/cycle-state.ts';
import type { Diagnosis } from './framework/fit-error.ts';
import { emptyDiagnosis, FitError } from './framework/fit-error.ts';
import type { NodeInfo } from './framework/node-info.ts';
import type { PodInfo } from './framework/pod-info.ts';
import type { Profile } from './framework/profile.ts';
import { Status } from './framework/status.ts';

export interface Placement {
  node: string;
  /** How many nodes were looked at, and how many of them would take the pod. */
  evaluated: number;
  feasible: number;
}

const minFeasibleNodes = 100;
const minFeasiblePercentage = 5;

/** How many feasible nodes are enough to choose from: all of a small cluster, a share (50 % falling to 5 %) of a large one. */
export function enoughFeasibleNodes(nodes: number, percentage: number): number {
  if (nodes < minFeasibleNodes) return nodes;
  const share = percentage || Math.max(minFeasiblePercentage, 50 - Math.trunc(nodes / 125));
  if (share >= 100) return nodes;
  return Math.max(minFeasibleNodes, Math.trunc((nodes * share) / 100));
}

/** Finds nodes for pods by the plugins of their profile. Remembers where it stopped, so that all nodes get their turn. */
export class NodeFinder {
  readonly #snapshot: Snapshot;
  readonly #percentage: number;
  readonly #random: () => number;
  #next = 0;

  constructor(snapshot: Snapshot, percentageOfNodesToScore: number, random: () => number) {
    this.#snapshot = snapshot;
    this.#percentage = percentageOfNodesToScore;
    this.#random = random;
  }

  /** Chooses the best node for the pod. Throws FitError when none takes it, an Error when a plugin failed. */
  find(profile: Profile, state: CycleState, pod: PodInfo): Placement {
    if (this.#snapshot.nodes.length === 0) throw new NoNodes();
    const { feasible, evaluated, diagnosis } = this.#feasible(profile, state, pod);
    if (feasible.length === 0) throw new FitError(this.#snapshot.nodes.length, diagnosis);
    if (feasible.length === 1) return { node: feasible[0]!.name, evaluated, feasible: 1 };
    const scores = this.#scores(profile, state, pod, feasible);
    return { node: this.#best(feasible, scores).name, evaluated, feasible: feasible.length };
  }

  #feasible(profile: Profile, state: CycleState, pod: PodInfo) {
    const diagnosis = emptyDiagnosis();
    const all = this.#snapshot.nodes;
    const { nodes: narrowed, narrowedBy, status } = profile.preFilter(state, pod, all);
    if (status) {
      if (!status.rejected) throw asError(status);
      diagnosis.statuses.setOthers(status);
      diagnosis.preFilterMessage = status.message;
      blame(diagnosis, status);
      return { feasible: [], evaluated: 0, diagnosis };
    }
    const nominated = this.#nominated(profile, state, pod);
    if (nominated) return { feasible: [nominated], evaluated: 1, diagnosis };

    let candidates = all;
    if (narrowed) {
      candidates = [...narrowed].flatMap((name) => this.#snapshot.get(name) ?? []);
      const who = [...narrowedBy].sort().join(' ');
      diagnosis.statuses.setOthers(
        new Status(
          'UnschedulableAndUnresolvable',
          [`node(s) didn't satisfy plugin(s) [${who}]`],
          [...narrowedBy][0] ?? '',
        ),
      );
      for (const plugin of narrowedBy) diagnosis.unschedulablePlugins.add(plugin);
    }
    return { ...this.#filter(profile, state, pod, candidates, diagnosis), diagnosis };
  }

  /** The node that preemption made room on, if it takes the pod now: no other is looked at then. */
  #nominated(profile: Profile, state: CycleState, pod: PodInfo): NodeInfo | undefined {
    const node = this.#snapshot.get(pod.pod.status?.nominatedNodeName ?? '');
    return node && !profile.filterWithNominated(state, pod, node) ? node : undefined;
  }

  #filter(profile: Profile, state: CycleState, pod: PodInfo, candidates: readonly NodeInfo[], diagnosis: Diagnosis) {
    const enough = profile.hasScore()
      ? enoughFeasibleNodes(candidates.length, profile.percentageOfNodesToScore || this.#percentage)
      : 1;
    const started = performance.now();
    const feasible: NodeInfo[] = [];
    let evaluated = 0;
    for (; evaluated < candidates.length && feasible.length < enough; evaluated++) {
      const node = candidates[(this.#next + evaluated) % candidates.length]!;
      const verdict = profile.filterWithNominated(state, pod, node);
      if (!verdict) {
        feasible.push(node);
        continue;
      }
      if (verdict.code === 'Error') throw asError(verdict);
      diagnosis.statuses.set(node.name, verdict);
      blame(diagnosis, verdict);
    }
    if (candidates.length > 0) this.#next = (this.#next + evaluated) % candidates.length;
    profile.observeFilter(feasible.length > 0 ? 'Success' : 'Unschedulable', (performance.now() - started) / 1000);
    return { feasible, evaluated };
  }

  #scores(profile: Profile, state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): number[] {
    if (!profile.hasScore()) return nodes.map(() => 1);
    const status = profile.preScore(state, pod, nodes);
    if (status) throw asError(status);
    const scores = profile.score(state, pod, nodes);
    if (scores instanceof Status) throw asError(scores);
    return scores;
  }

  /** The node with the highest score; among equals each is as likely. */
  #best(nodes: readonly NodeInfo[], scores: readonly number[]): NodeInfo {
    const max = Math.max(...scores);
    const best = nodes.filter((_, i) => scores[i] === max);
    return best[Math.floor(this.#random() * best.length)]!;
  }
}

/** There is not one node in the cluster. */
export class NoNodes extends Error {
  constructor() {
    super('no nodes available to schedule pods');
    this.name = 'NoNodes';
  }
}

function blame(diagnosis: Diagnosis, status: Status): void {
  if (status.plugin === '') return;
  if (status.code === 'Pending') diagnosis.pendingPlugins.add(status.plugin);
  else diagnosis.unschedulablePlugins.add(status.plugin);
}

export function asError(status: Status): Error {
  return new Error(status.message, { cause: status.cause });
}
