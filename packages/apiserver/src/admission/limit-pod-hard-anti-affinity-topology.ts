import type { Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isPodWrite, refused } from './refusal.ts';

const hostname = 'kubernetes.io/hostname';

/** LimitPodHardAntiAffinityTopology: pods keep others off a node by their anti-affinity, and not off a whole zone. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  validate(attributes) {
    if (!isPodWrite(attributes, 'CREATE', 'UPDATE')) return;
    const { affinity } = (attributes.object as Pod).spec;
    const terms = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const wide = terms.find(({ topologyKey }) => topologyKey !== hostname);
    if (!wide) return;
    throw refused(
      attributes,
      `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${wide.topologyKey} but only key ${hostname} is allowed`,
    );
  },
};
