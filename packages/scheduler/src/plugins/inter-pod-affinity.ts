import type { Pod } from '@coracle/api/types/core/v1';
import type { AffinityTerm, NamespaceLabels } from '../framework/affinity-term.ts';
import { termMatches } from '../framework/affinity-term.ts';
import type { CycleState, StateData } from '../framework/cycle-state.ts';
import type { EventInterest } from '../framework/events.ts';
import type { Handle } from '../framework/handle.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { Plugin } from '../framework/plugin.ts';
import { maxNodeScore } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { podInfo } from '../framework/pod-info.ts';
import type { Verdict } from '../framework/status.ts';
import { errorStatus, Status } from '../framework/status.ts';
import { affinityScores } from './inter-pod-affinity-scores.ts';
import { TopologyCounts } from './topology-counts.ts';

const name = 'InterPodAffinity';
const unmetAffinity = new Status('UnschedulableAndUnresolvable', ["node(s) didn't match pod affinity rules"], name);
const unmetAntiAffinity = new Status('Unschedulable', ["node(s) didn't match pod anti-affinity rules"], name);
const unwelcome = new Status('Unschedulable', ["node(s) didn't satisfy existing pods anti-affinity rules"], name);
const skip = new Status('Skip', [], name);
const filterKey = 'PreFilterInterPodAffinity';
const scoreKey = 'PreScoreInterPodAffinity';

export interface InterPodAffinityArgs {
  /** What a required affinity of an existing pod towards the new one weighs when scoring. */
  hardPodAffinityWeight: number;
  ignorePreferredTermsOfExistingPods: boolean;
}

/** Where there are pods that matter to the pod being placed. */
class Counts implements StateData {
  /** Existing pods whose required anti-affinity names the new pod. */
  readonly unwelcome: TopologyCounts;
  /** Existing pods that all the new pod's affinity terms select. */
  readonly wanted: TopologyCounts;
  /** Existing pods that one of the new pod's anti-affinity terms selects. */
  readonly avoided: TopologyCounts;

  constructor(unwelcome = new TopologyCounts(), wanted = new TopologyCounts(), avoided = new TopologyCounts()) {
    this.unwelcome = unwelcome;
    this.wanted = wanted;
    this.avoided = avoided;
  }

  clone(): Counts {
    return new Counts(this.unwelcome.clone(), this.wanted.clone(), this.avoided.clone());
  }

  /** Takes one existing pod on `node` into account, or (by -1) out of it. */
  count(pod: PodInfo, other: PodInfo, node: NodeInfo, by: 1 | -1, namespaceLabels: NamespaceLabels): void {
    const { labels } = node;
    const add = (counts: TopologyCounts, term: AffinityTerm) => {
      const value = labels[term.topologyKey];
      if (value !== undefined) counts.add(term.topologyKey, value, by);
    };
    for (const term of other.requiredAntiAffinity) {
      if (termMatches(term, pod.pod, namespaceLabels)) add(this.unwelcome, term);
    }
    if (matchesAll(pod.requiredAffinity, other.pod, namespaceLabels)) {
      for (const term of pod.requiredAffinity) add(this.wanted, term);
    }
    for (const term of pod.requiredAntiAffinity) {
      if (termMatches(term, other.pod, namespaceLabels)) add(this.avoided, term);
    }
  }
}

class Scores implements StateData {
  readonly sums: TopologyCounts;
  constructor(sums: TopologyCounts) {
    this.sums = sums;
  }
  clone(): StateData {
    return this;
  }
}

/** Places pods near to, or away from, other pods by their labels. */
export function interPodAffinity(
  args: InterPodAffinityArgs,
  { snapshot, listers }: Pick<Handle, 'snapshot' | 'listers'>,
): Plugin {
  const namespaceLabels: NamespaceLabels = (namespace) => listers.namespaceLabels(namespace);
  return {
    name,
    preFilter(state, pod) {
      if (pod.problem) return { status: errorStatus(name, new Error(pod.problem)) };
      const counts = new Counts();
      const own = pod.requiredAffinity.length > 0 || pod.requiredAntiAffinity.length > 0;
      for (const node of own ? snapshot.nodes : snapshot.nodesWithRequiredAntiAffinityPods) {
        for (const other of own ? node.pods : node.podsWithRequiredAntiAffinity) {
          counts.count(pod, other, node, 1, namespaceLabels);
        }
      }
      if (!own && counts.unwelcome.empty) return { status: skip };
      state.write(filterKey, counts);
      return {};
    },
    addPod: (state, pod, other, node) => state.read<Counts>(filterKey).count(pod, other, node, 1, namespaceLabels),
    removePod: (state, pod, other, node) => state.read<Counts>(filterKey).count(pod, other, node, -1, namespaceLabels),
    filter: (state, pod, node) => check(state, pod, node, namespaceLabels),
    preScore(state, pod) {
      const sums = affinityScores(pod, snapshot, args, namespaceLabels);
      if (!sums || sums.empty) return skip;
      state.write(scoreKey, new Scores(sums));
      return undefined;
    },
    score(state, _pod, node) {
      const { sums } = state.read<Scores>(scoreKey);
      let score = 0;
      for (const key of sums.keys()) score += sums.get(key, node.labels[key]);
      // Preferred anti-affinity makes raw sums negative; normalizing brings them into range.
      return score;
    },
    normalizeScore(_state, _pod, scores) {
      let min = Number.POSITIVE_INFINITY;
      let max = Number.NEGATIVE_INFINITY;
      for (const { score } of scores) {
        min = Math.min(min, score);
        max = Math.max(max, score);
      }
      for (const each of scores) {
        each.score = max > min ? Math.floor((maxNodeScore * (each.score - min)) / (max - min)) : 0;
      }
    },
    interests: () => interests(namespaceLabels),
  };
}

function check(state: CycleState, pod: PodInfo, { labels }: NodeInfo, namespaceLabels: NamespaceLabels): Verdict {
  const counts = state.read<Counts>(filterKey);
  if (!meetsAffinity(counts, pod, labels, namespaceLabels)) return unmetAffinity;
  for (const { topologyKey } of pod.requiredAntiAffinity) {
    if (counts.avoided.get(topologyKey, labels[topologyKey]) > 0) return unmetAntiAffinity;
  }
  for (const key of counts.unwelcome.keys()) {
    if (counts.unwelcome.get(key, labels[key]) > 0) return unwelcome;
  }
  return undefined;
}

function meetsAffinity(
  counts: Counts,
  pod: PodInfo,
  labels: Readonly<Record<string, string>>,
  namespaceLabels: NamespaceLabels,
): boolean {
  let present = true;
  for (const { topologyKey } of pod.requiredAffinity) {
    if (labels[topologyKey] === undefined) return false;
    if (counts.wanted.get(topologyKey, labels[topologyKey]) <= 0) present = false;
  }
  // The first pod of a group that wants to be near itself: nobody is there yet, and it may start anywhere.
  return present || (counts.wanted.empty && matchesAll(pod.requiredAffinity, pod.pod, namespaceLabels));
}

function matchesAll(terms: readonly AffinityTerm[], pod: Pod, namespaceLabels: NamespaceLabels): boolean {
  return terms.length > 0 && terms.every((term) => termMatches(term, pod, namespaceLabels));
}

function interests(namespaceLabels: NamespaceLabels): EventInterest[] {
  const concerns = (waiting: Pod, before: unknown, after: unknown): boolean => {
    const pod = podInfo(waiting);
    return [before, after].some((each) => {
      if (each === undefined) return false;
      const other = podInfo(each as Pod);
      return (
        [...pod.requiredAffinity, ...pod.requiredAntiAffinity].some((term) =>
          termMatches(term, other.pod, namespaceLabels),
        ) || other.requiredAntiAffinity.some((term) => termMatches(term, waiting, namespaceLabels))
      );
    });
  };
  return [
    { resource: 'AssignedPod', actions: ['Add', 'Delete', 'UpdatePodLabel'], hint: concerns },
    {
      resource: 'UnscheduledPod',
      actions: ['UpdatePodLabel'],
      hint: (pod, _, after) => pod.metadata.uid === (after as Pod).metadata.uid,
    },
    { resource: 'Node', actions: ['Add', 'UpdateNodeLabel'] },
    { resource: 'Namespace', actions: ['Add', 'Update'] },
  ];
}
