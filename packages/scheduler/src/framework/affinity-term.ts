import type { Selector } from '@coracle/api/meta/labels';
import { nothing, selectorFrom } from '@coracle/api/meta/labels';
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '@coracle/api/types/core/v1';

/** A pod (anti-)affinity term made ready for matching many pods. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: Selector;
  /** Namespaces listed by name; the pod's own when the term names neither namespaces nor a namespaceSelector. */
  readonly namespaces: ReadonlySet<string>;
  /** Selects further namespaces by label; selects none when the term has no namespaceSelector. */
  readonly namespaceSelector: Selector;
}

export interface WeightedAffinityTerm extends AffinityTerm {
  readonly weight: number;
}

export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined;

/** Parses the terms of a pod; throws with the label error when a selector is malformed. */
export function affinityTerms(pod: Pod, terms: readonly PodAffinityTerm[] | undefined): AffinityTerm[] {
  return (terms ?? []).map((term) => affinityTerm(pod, term));
}

export function weightedTerms(pod: Pod, terms: readonly WeightedPodAffinityTerm[] | undefined): WeightedAffinityTerm[] {
  return (terms ?? []).map((each) => ({ ...affinityTerm(pod, each.podAffinityTerm), weight: each.weight }));
}

function affinityTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const own = !term.namespaces?.length && term.namespaceSelector === undefined;
  return {
    topologyKey: term.topologyKey,
    // The API server folds matchLabelKeys and mismatchLabelKeys into the selector when the pod is created.
    selector: selectorFrom(term.labelSelector),
    namespaces: new Set(own ? [pod.metadata.namespace ?? 'default'] : term.namespaces),
    namespaceSelector: term.namespaceSelector === undefined ? nothing : selectorFrom(term.namespaceSelector),
  };
}

/** Whether the term selects `pod`. */
export function termMatches(term: AffinityTerm, pod: Pod, namespaceLabels: NamespaceLabels): boolean {
  const namespace = pod.metadata.namespace ?? 'default';
  if (!term.namespaces.has(namespace) && !term.namespaceSelector.matches(namespaceLabels(namespace) ?? {}))
    return false;
  return term.selector.matches(pod.metadata.labels);
}
