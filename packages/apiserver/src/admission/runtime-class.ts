import { deepEqual } from '@coracle/api/meta/object';
import { runtimeClass as runtimeClassKind } from '@coracle/api/node/v1/runtimeclass';
import type { Pod } from '@coracle/api/types/core/v1';
import type { RuntimeClass } from '@coracle/api/types/node/v1';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isPodWrite, refused } from './refusal.ts';
import { mergeTolerations } from './tolerations.ts';

/**
 * RuntimeClass: pods name only classes that exist, and get what theirs costs and where it runs
 * (https://kubernetes.io/docs/concepts/containers/runtime-class/, KEP-585, KEP-688).
 */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  async mutate(attributes) {
    const found = await classOf(attributes);
    if (!found) return;
    const { spec } = attributes.object as Pod;
    const { overhead, scheduling = {} } = found;
    if (overhead) {
      if (spec.overhead && !deepEqual(spec.overhead, overhead.podFixed ?? {})) throw mismatch(attributes);
      spec.overhead = { ...overhead.podFixed };
    }
    for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[key];
      if (own !== undefined && own !== value) {
        throw refused(
          attributes,
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
        );
      }
    }
    if (scheduling.nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...scheduling.nodeSelector };
    if (scheduling.tolerations?.length)
      spec.tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations);
  },
  async validate(attributes) {
    if (!isPodWrite(attributes, 'CREATE')) return;
    const { overhead } = (attributes.object as Pod).spec;
    const wanted = (await classOf(attributes))?.overhead;
    if (wanted) {
      if (!deepEqual(overhead, wanted.podFixed ?? {})) throw mismatch(attributes);
    } else if (overhead && Object.keys(overhead).length > 0) {
      throw refused(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
  },
};

/** The class a new pod names; undefined: it names none, or this is no new pod. */
async function classOf(attributes: Attributes): Promise<RuntimeClass | undefined> {
  if (!isPodWrite(attributes, 'CREATE')) return undefined;
  const name = (attributes.object as Pod).spec.runtimeClassName;
  if (!name) return undefined;
  const { objects } = attributes;
  const found = await objects.lookUp(runtimeClassKind, name);
  if (!found) throw refused(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function mismatch(attributes: Attributes) {
  return refused(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}
