import { priorityClass } from '@coracle/api/scheduling/v1/priorityclass';
import type { Pod } from '@coracle/api/types/core/v1';
import type { PriorityClass } from '@coracle/api/types/scheduling/v1';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isPodWrite, refused } from './refusal.ts';

/** What pods get that name no class, where none is the default. */
const noClass = { name: '', value: 0, preemptionPolicy: 'PreemptLowerPriority' };

/**
 * Priority: fills in the number behind a pod's priority class, which the client may not choose itself, and lets only one class be the
 * default (https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/).
 */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  async mutate(attributes) {
    if (!isPodWrite(attributes, 'CREATE', 'UPDATE')) return;
    const { spec } = attributes.object as Pod;
    if (attributes.operation === 'UPDATE') {
      const old = (attributes.oldObject as Pod).spec;
      spec.priority ??= old.priority;
      spec.preemptionPolicy ??= old.preemptionPolicy;
      return;
    }
    const found = await classOf(attributes, spec.priorityClassName);
    if (found.name !== '') spec.priorityClassName = found.name;
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
  validate(attributes) {
    const { group, resource, subresource, operation } = attributes;
    if (group !== priorityClass.group || resource !== priorityClass.plural || subresource !== '') return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const { metadata, globalDefault } = attributes.object as PriorityClass;
    if (!globalDefault) return;
    const current = defaultClass(attributes);
    if (!current || (operation === 'UPDATE' && current.metadata.name === metadata.name)) return;
    throw refused(
      attributes,
      `PriorityClass ${current.metadata.name} is already marked as default. Only one default can exist`,
    );
  },
};

async function classOf(attributes: Attributes, name: string | undefined): Promise<typeof noClass> {
  const { objects } = attributes;
  if (!name) {
    const found = defaultClass(attributes);
    return found ? valuesOf(found) : noClass;
  }
  const found = await objects.lookUp(priorityClass, name);
  if (!found) throw refused(attributes, `no PriorityClass with name ${name} was found`);
  return valuesOf(found);
}

/** Servers that wrote at the same moment may have made several; the least of them counts. */
function defaultClass({ objects }: Attributes): PriorityClass | undefined {
  return objects
    .cachedList(priorityClass)
    .filter((each) => each.globalDefault)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}

function valuesOf({ metadata, value = 0, preemptionPolicy }: PriorityClass): typeof noClass {
  return { name: metadata.name ?? '', value, preemptionPolicy: preemptionPolicy ?? noClass.preemptionPolicy };
}
