import type { Pod } from '@coracle/api/types/core/v1';
import { HostPorts, hostPortsOf } from '../framework/host-ports.ts';
import type { Plugin } from '../framework/plugin.ts';
import { Status } from '../framework/status.ts';

const name = 'NodePorts';
const refusal = new Status('Unschedulable', ["node(s) didn't have free ports for the requested pod ports"], name);
const noPorts = new Status('Skip', [], name);

/** Refuses nodes where a host port of the pod is taken. */
export function nodePorts(): Plugin {
  return {
    name,
    preFilter: (_state, pod) => (pod.hostPorts.length === 0 ? { status: noPorts } : {}),
    filter: (_state, pod, node) => (pod.hostPorts.some((each) => node.ports.conflicts(each)) ? refusal : undefined),
    interests: () => [
      {
        resource: 'AssignedPod',
        actions: ['Delete'],
        hint(pod, gone) {
          const freed = new HostPorts();
          for (const port of hostPortsOf(gone as Pod)) freed.add(port);
          return hostPortsOf(pod).some((each) => freed.conflicts(each));
        },
      },
      { resource: 'Node', actions: ['Add'] },
    ],
  };
}
