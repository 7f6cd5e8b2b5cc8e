import type { Selector } from '@coracle/api/meta/labels';
import { selectorFrom } from '@coracle/api/meta/labels';
import type { Pod, TopologySpreadConstraint } from '@coracle/api/types/core/v1';
import type { NodeInfo } from '../framework/node-info.ts';
import { matchesRequired } from '../framework/node-selector.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { schedulingEffects, untoleratedTaint } from '../framework/taints.ts';

/** A topology spread constraint made ready for counting. */
export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly selectors: readonly Selector[];
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
}

export type Action = 'DoNotSchedule' | 'ScheduleAnyway';

/** What spreads pods that say nothing themselves: over nodes and zones, softly. */
export const systemConstraints: readonly TopologySpreadConstraint[] = [
  { maxSkew: 3, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
  { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
];

/** A pod's own constraints of one kind. The API server folds `matchLabelKeys` into the selector when the pod is created (KEP-3243). */
export function ownConstraints(pod: Pod, action: Action): SpreadConstraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((each) => each.whenUnsatisfiable === action)
    .map((each) => constraint(each, [selectorFrom(each.labelSelector)]));
}

/** Default constraints of one kind for a pod that belongs to something (a Service, a controller); none for one that does not. */
export function defaultConstraints(
  defaults: readonly TopologySpreadConstraint[],
  action: Action,
  selectors: readonly Selector[],
): SpreadConstraint[] {
  if (selectors.length === 0) return [];
  return defaults.filter((each) => each.whenUnsatisfiable === action).map((each) => constraint(each, selectors));
}

function constraint(from: TopologySpreadConstraint, selectors: readonly Selector[]): SpreadConstraint {
  return {
    maxSkew: from.maxSkew,
    topologyKey: from.topologyKey,
    selectors,
    minDomains: from.minDomains ?? 1,
    honorsAffinity: (from.nodeAffinityPolicy ?? 'Honor') === 'Honor',
    honorsTaints: (from.nodeTaintsPolicy ?? 'Ignore') === 'Honor',
  };
}

export function selects(constraint: SpreadConstraint, pod: Pod): boolean {
  return constraint.selectors.every((each) => each.matches(pod.metadata.labels));
}

/** Whether the node's pods count towards the constraint (KEP-3094): by default, where the pod's node affinity lets it go. */
export function includes(constraint: SpreadConstraint, pod: Pod, node: NodeInfo): boolean {
  if (constraint.honorsAffinity && !matchesRequired(pod, node.node!)) return false;
  if (!constraint.honorsTaints) return true;
  return untoleratedTaint(node.node!.spec?.taints, pod.spec.tolerations, schedulingEffects) === undefined;
}

export function hasAllKeys(node: NodeInfo, constraints: readonly SpreadConstraint[]): boolean {
  return constraints.every((each) => node.labels[each.topologyKey] !== undefined);
}

/** How many pods of the node the constraint counts: of the pod's namespace, selected, and not on their way out. */
export function countOn(node: NodeInfo, pod: PodInfo, constraint: SpreadConstraint): number {
  let count = 0;
  for (const other of node.pods) {
    if (other.namespace !== pod.namespace || other.pod.metadata.deletionTimestamp) continue;
    if (selects(constraint, other.pod)) count++;
  }
  return count;
}
