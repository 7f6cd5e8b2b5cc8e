import type { Node, Pod } from '@coracle/api/types/core/v1';
import type { Plugin } from '../framework/plugin.ts';
import { Status } from '../framework/status.ts';
import { tolerates } from '../framework/taints.ts';

const name = 'NodeUnschedulable';
const refusal = new Status('UnschedulableAndUnresolvable', ['node(s) were unschedulable'], name);

/** Refuses cordoned nodes, unless the pod tolerates the taint that cordoning stands for. */
export function nodeUnschedulable(): Plugin {
  return {
    name,
    filter: (_state, pod, node) => (accepts(pod.pod, node.node!) ? undefined : refusal),
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
        hint: (pod, _, after) => isSame(pod, after as Pod),
      },
    ],
  };
}

function accepts(pod: Pod, node: Node): boolean {
  const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  return !node.spec?.unschedulable || (pod.spec.tolerations ?? []).some((each) => tolerates(each, taint));
}

function isSame(pod: Pod, other: Pod): boolean {
  return pod.metadata.uid === other.metadata.uid;
}
