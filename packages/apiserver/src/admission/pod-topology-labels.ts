import { node as nodeKind } from '@coracle/api/core/v1/node';
import type { Binding, Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isCore } from './refusal.ts';

const copied = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** PodTopologyLabels: pods carry the zone and the region of their node as labels, so that they can learn them from their own metadata (KEP-4742). */
export const podTopologyLabels: AdmissionPlugin = {
  name: 'PodTopologyLabels',
  async mutate(attributes) {
    const { operation, subresource, object } = attributes;
    if (!isCore(attributes, 'pods') || operation !== 'CREATE' || !object) return;
    const name =
      subresource === 'binding'
        ? (object as Binding).target?.name
        : subresource === ''
          ? (object as Pod).spec.nodeName
          : undefined;
    if (!name) return;
    const labels = await labelsOfNode(attributes, name);
    if (Object.keys(labels).length > 0) object.metadata.labels = { ...object.metadata.labels, ...labels };
  },
};

/** A node that is not there has none: the pod may be before it. */
async function labelsOfNode({ objects }: Attributes, name: string): Promise<Record<string, string>> {
  const node = await objects.lookUp(nodeKind, name);
  const labels = node?.metadata.labels ?? {};
  return Object.fromEntries(copied.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])));
}
