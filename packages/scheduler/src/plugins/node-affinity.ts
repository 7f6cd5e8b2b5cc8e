import type { Node, NodeAffinity, Pod } from '@coracle/api/types/core/v1';
import { matchesAnyTerm, matchesRequired, pinnedNames, preferenceWeight } from '../framework/node-selector.ts';
import type { Plugin } from '../framework/plugin.ts';
import { Status } from '../framework/status.ts';
import { normalize } from './normalize.ts';

const name = 'NodeAffinity';
const mismatch = new Status(
  'UnschedulableAndUnresolvable',
  ["node(s) didn't match Pod's node affinity/selector"],
  name,
);
const enforcedMismatch = new Status(
  'UnschedulableAndUnresolvable',
  ["node(s) didn't match scheduler-enforced node affinity"],
  name,
);
const conflict = new Status('UnschedulableAndUnresolvable', ['pod affinity terms conflict'], name);
const nothingToFilter = new Status('Skip', [], name);
const nothingToScore = new Status('Skip', [], name);

export interface NodeAffinityArgs {
  /** Affinity that every pod of the profile has on top of its own. */
  addedAffinity?: NodeAffinity;
}

/** Refuses nodes that a pod's nodeSelector or required node affinity excludes; prefers those its preferred terms weigh most. */
export function nodeAffinity({ addedAffinity }: NodeAffinityArgs = {}): Plugin {
  const enforced = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const added = addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  const accepts = (pod: Pod, node: Node) =>
    (!enforced || matchesAnyTerm(enforced.nodeSelectorTerms ?? [], node)) && matchesRequired(pod, node);
  return {
    name,
    preFilter(_state, { pod }) {
      const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      if (!enforced && !required && !Object.keys(pod.spec.nodeSelector ?? {}).length)
        return { status: nothingToFilter };
      const nodes = required?.nodeSelectorTerms?.length ? pinnedNames(required.nodeSelectorTerms) : undefined;
      return nodes?.size === 0 ? { status: conflict } : { nodes };
    },
    filter(_state, { pod }, { node }) {
      if (enforced && !matchesAnyTerm(enforced.nodeSelectorTerms ?? [], node!)) return enforcedMismatch;
      return matchesRequired(pod, node!) ? undefined : mismatch;
    },
    preScore: (_state, { pod }) => (preferred(pod)?.length || added?.length ? undefined : nothingToScore),
    score: (_state, { pod }, { node }) => preferenceWeight(added, node!) + preferenceWeight(preferred(pod), node!),
    normalizeScore: (_state, _pod, scores) => normalize(scores, { reverse: false }),
    interests: () => [
      {
        resource: 'Node',
        actions: ['Add', 'UpdateNodeLabel'],
        hint: (pod, before, after) =>
          accepts(pod, after as Node) && (before === undefined || !accepts(pod, before as Node)),
      },
    ],
  };
}

function preferred(pod: Pod) {
  return pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
}
