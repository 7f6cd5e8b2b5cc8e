import { node as nodeKind } from '@coracle/api/core/v1/node';
import { podResources } from '@coracle/api/core/v1/pod-resources';
import { Quantity } from '@coracle/api/meta/quantity';
import type { StatusError } from '@coracle/api/meta/status';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isCore, refused } from './refusal.ts';

/** How the resources are counted that a node may be too small for. */
const counted: Readonly<Record<string, (amount: Quantity) => bigint>> = {
  cpu: (amount) => amount.milliValue(),
  memory: (amount) => amount.value(),
};

/** PodResizeValidator: a running pod does not ask for more than its node has for pods, and not on a node that is not Linux (KEP-1287). */
export const podResizeValidator: AdmissionPlugin = {
  name: 'PodResizeValidator',
  async validate(attributes) {
    const { subresource } = attributes;
    if (!isCore(attributes, 'pods') || subresource !== 'resize' || !specChanges(attributes)) return;
    const pod = attributes.object as Pod;
    const node = await nodeOfPod(attributes);
    const requests = podResources(pod.spec, 'requests');
    const beyond = Object.entries(counted).flatMap(([name, count]) => {
      const requested = count(requests.get(name) ?? Quantity.parse('0'));
      const allocatable = count(Quantity.parse(node.status?.allocatable?.[name] ?? '0'));
      return requested > allocatable ? [`${name}, requested: ${requested}, allocatable: ${allocatable}`] : [];
    });
    if (beyond.length > 0) {
      const why = `Node didn't have enough allocatable resources: ${beyond.join('; ')}`;
      throw withCause(refused(attributes, why), 'NodeCapacity');
    }
    const { name = '', labels } = node.metadata;
    const os = labels?.['kubernetes.io/os'] ?? '';
    if (os === 'linux') return;
    const why = `pod resize is only supported on linux nodes, node ${JSON.stringify(name)} is ${JSON.stringify(os)}`;
    throw withCause(refused(attributes, why), 'UnsupportedPlatform');
  },
};

/** Whether a pod's update changes what is wanted of its node: there is one, and the generation goes up. */
export function specChanges({ operation, object, oldObject }: Attributes): boolean {
  if (operation !== 'UPDATE' || !(object as Pod).spec.nodeName) return false;
  return object?.metadata.generation !== oldObject?.metadata.generation;
}

/** The node of a pod that is bound to one. Throws the 403 where it is not there. */
export async function nodeOfPod(attributes: Attributes): Promise<Node> {
  const { objects, object } = attributes;
  const name = (object as Pod).spec.nodeName!;
  const found = await objects.lookUp(nodeKind, name);
  if (!found) throw refused(attributes, `node ${JSON.stringify(name)} not found`);
  return found;
}

/** Clients tell by it why a resize cannot be. */
function withCause(error: StatusError, reason: string): StatusError {
  const { details } = error.status;
  if (details) details.causes = [...(details.causes ?? []), { reason }];
  return error;
}
