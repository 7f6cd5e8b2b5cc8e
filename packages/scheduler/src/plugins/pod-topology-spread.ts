import type { Node, Pod, TopologySpreadConstraint } from '@coracle/api/types/core/v1';
import type { EventInterest } from '../framework/events.ts';
import type { Handle } from '../framework/handle.ts';
import type { Plugin } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { Status } from '../framework/status.ts';
import type { Action, SpreadConstraint } from './spread-constraints.ts';
import { defaultConstraints, ownConstraints, selects, systemConstraints } from './spread-constraints.ts';
import { SpreadState } from './spread-filter.ts';
import { SpreadScores } from './spread-score.ts';

const name = 'PodTopologySpread';
const tooSkewed = "node(s) didn't match pod topology spread constraints";
const skewed = new Status('Unschedulable', [tooSkewed], name);
const unlabelled = new Status('UnschedulableAndUnresolvable', [`${tooSkewed} (missing required label)`], name);
const skip = new Status('Skip', [], name);
const filterKey = 'PreFilterPodTopologySpread';
const scoreKey = 'PreScorePodTopologySpread';

export interface PodTopologySpreadArgs {
  defaultConstraints: readonly TopologySpreadConstraint[];
  /** System: spread over nodes and zones; List: by `defaultConstraints`. For pods without constraints of their own. */
  defaultingType: 'System' | 'List';
}

/** Spreads pods evenly over zones, nodes or any other topology (KEP-895). */
export function podTopologySpread(
  args: PodTopologySpreadArgs,
  { snapshot, listers }: Pick<Handle, 'snapshot' | 'listers'>,
): Plugin {
  const system = args.defaultingType === 'System';
  const defaults = system ? systemConstraints : args.defaultConstraints;
  const constraintsOf = ({ pod }: PodInfo, action: Action): SpreadConstraint[] => {
    if (pod.spec.topologySpreadConstraints?.length) return ownConstraints(pod, action);
    return defaults.some((each) => each.whenUnsatisfiable === action)
      ? defaultConstraints(defaults, action, listers.selectorsFor(pod))
      : [];
  };
  return {
    name,
    preFilter(state, pod, nodes) {
      const constraints = constraintsOf(pod, 'DoNotSchedule');
      if (constraints.length === 0) return { status: skip };
      state.write(filterKey, SpreadState.of(pod, constraints, nodes));
      return {};
    },
    addPod: (state, pod, other, node) => state.read<SpreadState>(filterKey).count(pod, other, node, 1),
    removePod: (state, pod, other, node) => state.read<SpreadState>(filterKey).count(pod, other, node, -1),
    filter(state, pod, node) {
      const spread = state.read<SpreadState>(filterKey);
      for (const [i, { topologyKey, maxSkew }] of spread.constraints.entries()) {
        const domain = node.labels[topologyKey];
        if (domain === undefined) return unlabelled;
        if (spread.skew(i, pod, domain) > maxSkew) return skewed;
      }
      return undefined;
    },
    preScore(state, pod, candidates) {
      const constraints = constraintsOf(pod, 'ScheduleAnyway');
      if (constraints.length === 0) return skip;
      // The system's defaults must not make nodes without a zone worse than all others.
      const requireAll = Boolean(pod.pod.spec.topologySpreadConstraints?.length) || !system;
      state.write(scoreKey, new SpreadScores(pod, constraints, { candidates, nodes: snapshot.nodes, requireAll }));
      return undefined;
    },
    score: (state, pod, node) => state.read<SpreadScores>(scoreKey).score(pod, node),
    normalizeScore: (state, _pod, scores) => state.read<SpreadScores>(scoreKey).normalize(scores),
    interests: () => interests,
  };
}

const interests: EventInterest[] = [
  {
    resource: 'AssignedPod',
    actions: ['Add', 'Delete', 'UpdatePodLabel'],
    hint(pod, before, after) {
      const constraints = ownConstraints(pod, 'DoNotSchedule');
      // Defaulted constraints are not known here: any pod of the namespace may matter to them.
      return [before, after].some((each) => {
        const other = each as Pod | undefined;
        if (other?.metadata.namespace !== pod.metadata.namespace) return false;
        return constraints.length === 0 || constraints.some((constraint) => selects(constraint, other!));
      });
    },
  },
  {
    resource: 'UnscheduledPod',
    actions: ['UpdatePodLabel', 'UpdatePodToleration'],
    hint: (pod, _, after) => pod.metadata.uid === (after as Pod).metadata.uid,
  },
  {
    resource: 'Node',
    actions: ['Add', 'Delete', 'UpdateNodeLabel', 'UpdateNodeTaint'],
    hint(pod, before, after) {
      const keys = ownConstraints(pod, 'DoNotSchedule').map((each) => each.topologyKey);
      return [before, after].some((each) => {
        const labels = (each as Node | undefined)?.metadata.labels;
        return labels !== undefined && keys.every((key) => Object.hasOwn(labels, key));
      });
    },
  },
];
