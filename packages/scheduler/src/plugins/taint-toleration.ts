import type { Node, Pod, Toleration } from '@coracle/api/types/core/v1';
import type { StateData } from '../framework/cycle-state.ts';
import type { Plugin } from '../framework/plugin.ts';
import { Status } from '../framework/status.ts';
import { schedulingEffects, tolerates, untoleratedTaint } from '../framework/taints.ts';
import { normalize } from './normalize.ts';

const name = 'TaintToleration';
const refusal = new Status('UnschedulableAndUnresolvable', ['node(s) had untolerated taint(s)'], name);

class Preferences implements StateData {
  readonly tolerations: readonly Toleration[];
  constructor(tolerations: readonly Toleration[]) {
    this.tolerations = tolerations;
  }
  clone(): StateData {
    return this;
  }
}

/** Refuses nodes with NoSchedule or NoExecute taints the pod does not tolerate; prefers those with fewer PreferNoSchedule ones. */
export function taintToleration(): Plugin {
  return {
    name,
    filter: (_state, pod, node) => (accepts(pod.pod, node.node!) ? undefined : refusal),
    preScore(state, { pod }) {
      const soft = (pod.spec.tolerations ?? []).filter((each) => !each.effect || each.effect === 'PreferNoSchedule');
      state.write(name, new Preferences(soft));
      return undefined;
    },
    score(state, _pod, node) {
      const { tolerations } = state.read<Preferences>(name);
      return (node.node!.spec?.taints ?? []).filter(
        (taint) => taint.effect === 'PreferNoSchedule' && !tolerations.some((each) => tolerates(each, taint)),
      ).length;
    },
    normalizeScore: (_state, _pod, scores) => normalize(scores, { reverse: true }),
    interests: () => [
      {
        resource: 'Node',
        actions: ['Add', 'UpdateNodeTaint'],
        hint: (pod, before, after) =>
          accepts(pod, after as Node) && (before === undefined || !accepts(pod, before as Node)),
      },
      {
        resource: 'UnscheduledPod',
        actions: ['UpdatePodToleration'],
        hint: (pod, _, after) => pod.metadata.uid === (after as Pod).metadata.uid,
      },
    ],
  };
}

function accepts(pod: Pod, node: Node): boolean {
  return untoleratedTaint(node.spec?.taints, pod.spec.tolerations, schedulingEffects) === undefined;
}
