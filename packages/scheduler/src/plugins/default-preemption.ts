import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import type { CycleState } from '../framework/cycle-state.ts';
import { emptyDiagnosis, FitError } from '../framework/fit-error.ts';
import type { Handle } from '../framework/handle.ts';
import { NodeStatuses } from '../framework/node-statuses.ts';
import type { Plugin } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { Status } from '../framework/status.ts';
import { evict } from './preemption/evict.ts';
import { pickNode } from './preemption/pick.ts';
import type { Victims } from './preemption/victims.ts';
import { selectVictims } from './preemption/victims.ts';

const name = 'DefaultPreemption';

export interface DefaultPreemptionArgs {
  /** How many candidate nodes to find before choosing: this share of all nodes, and at least so many. */
  minCandidateNodesPercentage: number;
  minCandidateNodesAbsolute: number;
}

export interface PreemptionMetrics {
  attempted(): void;
  victims(count: number): void;
}

/** When no node has room, looks for one that would have it without some pods of lower priority, evicts them and nominates it. */
export function defaultPreemption(args: DefaultPreemptionArgs, handle: Handle, metrics: PreemptionMetrics): Plugin {
  return {
    name,
    async postFilter(state, pod, statuses) {
      metrics.attempted();
      const latest = handle.listers.pod(pod.namespace, pod.pod.metadata.name!);
      if (!latest) return { status: refusal('Error', `pod "${pod.pod.metadata.name}" not found`) };
      const ineligible = whyNotEligible(latest, pod, statuses, handle);
      if (ineligible) return { status: refusal('Unschedulable', `preemption: ${ineligible}`) };

      const { candidates, refusals } = findCandidates(state, pod, statuses, args, handle);
      const chosen = pickNode(candidates);
      if (!chosen) {
        const diagnosis = { ...emptyDiagnosis(), statuses: refusals };
        refusals.setOthers(refusal('UnschedulableAndUnresolvable', 'Preemption is not helpful for scheduling'));
        const { message } = new FitError(handle.snapshot.nodes.length, diagnosis);
        return { nominatedNode: '', status: refusal('Unschedulable', `preemption: ${message}`) };
      }
      await evict(chosen, pod, handle);
      metrics.victims(chosen.pods.length);
      return { nominatedNode: chosen.node };
    },
    interests: () => [{ resource: 'AssignedPod', actions: ['Delete'] }],
  };
}

function refusal(code: Status['code'], reason: string): Status {
  return new Status(code, [reason], name);
}

/** A pod may forgo preemption, and one that has preempted waits until its victims have gone. */
function whyNotEligible(latest: Pod, pod: PodInfo, statuses: NodeStatuses, { snapshot }: Handle): string | undefined {
  if (latest.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = latest.status?.nominatedNodeName;
  if (!nominated || statuses.get(nominated).code === 'UnschedulableAndUnresolvable') return undefined;
  const leaving = snapshot
    .get(nominated)
    ?.pods.some((each) => each.priority < pod.priority && isBeingPreempted(each.pod));
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

function isBeingPreempted(pod: Pod): boolean {
  if (!pod.metadata.deletionTimestamp) return false;
  return (pod.status?.conditions ?? []).some(
    (each) => each.type === 'DisruptionTarget' && each.status === 'True' && each.reason === 'PreemptionByScheduler',
  );
}

/** Tries preemption out on copies of the nodes that refused the pod for something preemption can change. */
function findCandidates(
  state: CycleState,
  pod: PodInfo,
  statuses: NodeStatuses,
  args: DefaultPreemptionArgs,
  handle: Handle,
): { candidates: Victims[]; refusals: NodeStatuses } {
  const { snapshot, random, whatIf, listers } = handle;
  const refusals = new NodeStatuses();
  const potential = snapshot.nodes.filter((each) => statuses.get(each.name).code === 'Unschedulable');
  if (potential.length === 0) return { candidates: [], refusals };
  const all = potential.flatMap((each) => each.pods);
  const budgets = budgetsFor(all, pod, listers);
  const share = Math.floor((potential.length * args.minCandidateNodesPercentage) / 100);
  const enough = Math.min(potential.length, Math.max(share, args.minCandidateNodesAbsolute));
  const start = Math.floor(random() * potential.length);
  const violating: Victims[] = [];
  const clean: Victims[] = [];
  for (let i = 0; i < potential.length; i++) {
    const node = potential[(start + i) % potential.length]!;
    const victims = selectVictims(pod, node.clone(), { state: state.clone(), whatIf, budgets });
    if (victims instanceof Status) refusals.set(node.name, victims);
    else (victims.violations > 0 ? violating : clean).push(victims);
    if (clean.length > 0 && clean.length + violating.length >= enough) break;
  }
  return { candidates: [...clean, ...violating], refusals };
}

/** The budgets of the namespaces that pods of lower priority are in. */
function budgetsFor(pods: readonly PodInfo[], pod: PodInfo, listers: Handle['listers']): PodDisruptionBudget[] {
  const namespaces = new Set(pods.filter((each) => each.priority < pod.priority).map((each) => each.namespace));
  return [...namespaces].flatMap((each) => listers.disruptionBudgets(each));
}
