import type { Snapshot } from '../cache/snapshot.ts';
import type { AffinityTerm, NamespaceLabels } from '../framework/affinity-term.ts';
import { termMatches } from '../framework/affinity-term.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import type { InterPodAffinityArgs } from './inter-pod-affinity.ts';
import { TopologyCounts } from './topology-counts.ts';

/**
 * What each topology (say, zone=a) is worth to the pod: the weights of its preferred terms that pods there match, and those of
 * terms of pods there that it matches; anti-affinity counts negative. Undefined when nothing could count.
 */
export function affinityScores(
  pod: PodInfo,
  snapshot: Snapshot,
  args: InterPodAffinityArgs,
  namespaceLabels: NamespaceLabels,
): TopologyCounts | undefined {
  const own = pod.preferredAffinity.length > 0 || pod.preferredAntiAffinity.length > 0;
  if (!own && args.ignorePreferredTermsOfExistingPods && args.hardPodAffinityWeight === 0) return undefined;
  const sums = new TopologyCounts();
  for (const node of own ? snapshot.nodes : snapshot.nodesWithAffinityPods) {
    const add = (term: AffinityTerm, weight: number) => {
      const value = node.labels[term.topologyKey];
      if (value !== undefined) sums.add(term.topologyKey, value, weight);
    };
    for (const other of own ? node.pods : node.podsWithAffinity) {
      for (const term of pod.preferredAffinity) {
        if (termMatches(term, other.pod, namespaceLabels)) add(term, term.weight);
      }
      for (const term of pod.preferredAntiAffinity) {
        if (termMatches(term, other.pod, namespaceLabels)) add(term, -term.weight);
      }
      if (args.hardPodAffinityWeight > 0) {
        for (const term of other.requiredAffinity) {
          if (termMatches(term, pod.pod, namespaceLabels)) add(term, args.hardPodAffinityWeight);
        }
      }
      if (args.ignorePreferredTermsOfExistingPods) continue;
      for (const term of other.preferredAffinity) {
        if (termMatches(term, pod.pod, namespaceLabels)) add(term, term.weight);
      }
      for (const term of other.preferredAntiAffinity) {
        if (termMatches(term, pod.pod, namespaceLabels)) add(term, -term.weight);
      }
    }
  }
  return sums;
}
