import type { Plugin } from '../framework/plugin.ts';
import { Status } from '../framework/status.ts';

const name = 'SchedulingGates';

/** Keeps pods out of the queue while they carry scheduling gates (KEP-3521). */
export function schedulingGates(): Plugin {
  return {
    name,
    preEnqueue(pod) {
      const gates = (pod.spec.schedulingGates ?? []).map((each) => each.name);
      if (gates.length === 0) return undefined;
      return new Status('UnschedulableAndUnresolvable', [`waiting for scheduling gates: [${gates.join(' ')}]`], name);
    },
    interests: () => [{ resource: 'UnscheduledPod', actions: ['UpdatePodSchedulingGatesEliminated'] }],
  };
}
