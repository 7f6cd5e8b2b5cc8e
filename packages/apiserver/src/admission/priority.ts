import type { Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isPodWrite, refused } from './refusal.ts';

/** What a priority class gives its pods. */
export interface PriorityClassValues {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: string;
}

const preempts = 'PreemptLowerPriority';

/** The classes every cluster has. */
export const systemPriorityClasses: readonly PriorityClassValues[] = [
  { name: 'system-cluster-critical', value: 2_000_000_000, preemptionPolicy: preempts },
  { name: 'system-node-critical', value: 2_000_001_000, preemptionPolicy: preempts },
];

/** Priority: fills in the number behind a pod's priority class, which the client may not choose itself. */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  mutate(attributes) {
    if (!isPodWrite(attributes, 'CREATE', 'UPDATE')) return;
    const { spec } = attributes.object as Pod;
    if (attributes.operation === 'UPDATE') {
      const old = (attributes.oldObject as Pod).spec;
      spec.priority ??= old.priority;
      spec.preemptionPolicy ??= old.preemptionPolicy;
      return;
    }
    const found = classOf(attributes, spec.priorityClassName);
    if (spec.priority !== undefined && spec.priority !== found.value) {
      throw refused(
        attributes,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${found.value} from the given PriorityClass name`,
      );
    }
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== found.preemptionPolicy) {
      throw refused(
        attributes,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${found.preemptionPolicy} from the given PriorityClass name`,
      );
    }
    spec.priority = found.value;
    spec.preemptionPolicy = found.preemptionPolicy;
  },
};

function classOf(attributes: Attributes, name: string | undefined): PriorityClassValues {
  if (!name) return { name: '', value: 0, preemptionPolicy: preempts };
  const found = systemPriorityClasses.find((each) => each.name === name);
  if (!found) throw refused(attributes, `no PriorityClass with name ${name} was found`);
  return found;
}
