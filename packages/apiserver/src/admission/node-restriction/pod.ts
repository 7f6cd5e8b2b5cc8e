import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { isMirror, mirrorAnnotation } from '@coracle/api/core/v1/static-pods';
import { deepEqual } from '@coracle/api/meta/object';
import { notFoundError } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';
import { apiReferenceIn } from './api-references.ts';

/** A node creates mirror pods and deletes, evicts and reports the status of pods that are bound to it. */
export async function admitPod(attributes: Attributes, node: string): Promise<void> {
  const { operation, subresource } = attributes;
  switch (subresource) {
    case '':
      if (operation === 'CREATE') return admitMirror(attributes, node);
      if (operation === 'DELETE') {
        return mustBeBound(
          attributes,
          node,
          `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`,
        );
      }
      throw refused(
        attributes,
        `unexpected operation ${JSON.stringify(operation)}, node ${JSON.stringify(node)} can only create and delete mirror pods`,
      );
    case 'status':
      return admitStatus(attributes, node);
    case 'eviction':
      if (operation !== 'CREATE') {
        throw refused(attributes, `unexpected operation ${operation}`);
      }
      return mustBeBound(attributes, node, `node ${node} can only evict pods with spec.nodeName set to itself`);
    default:
      throw refused(
        attributes,
        `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`,
      );
  }
}

async function mustBeBound(attributes: Attributes, node: string, otherwise: string): Promise<void> {
  const { name, namespace, objects } = attributes;
  const pod = (attributes.oldObject as Pod | undefined) ?? (await objects.get(podKind, name, namespace));
  if (!pod) throw notFoundError({ group: '', resource: 'pods' }, name);
  if (pod.spec.nodeName !== node) throw refused(attributes, otherwise);
}

function admitStatus(attributes: Attributes, node: string): void {
  const quoted = JSON.stringify(node);
  const { operation } = attributes;
  if (operation !== 'UPDATE') {
    throw refused(attributes, `unexpected operation ${JSON.stringify(operation)}`);
  }
  const old = attributes.oldObject as Pod;
  const now = attributes.object as Pod;
  if (old.spec.nodeName !== node) {
    throw refused(attributes, `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`);
  }
  if (!deepEqual(old.metadata.labels ?? {}, now.metadata.labels ?? {})) {
    throw refused(attributes, `node ${quoted} cannot update labels through pod status`);
  }
  if (!deepEqual(old.status?.resourceClaimStatuses ?? [], now.status?.resourceClaimStatuses ?? [])) {
    throw refused(attributes, `node ${quoted} cannot update resource claim statues`);
  }
}

async function admitMirror(attributes: Attributes, node: string): Promise<void> {
  const pod = attributes.object as Pod;
  const quoted = JSON.stringify(node);
  const refuse = (why: string) => refused(attributes, why);
  if (!isMirror(pod)) {
    throw refuse(
      `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, node ${quoted} can only create mirror pods`,
    );
  }
  if (pod.spec.nodeName !== node) throw refuse(`node ${quoted} can only create pods with spec.nodeName set to itself`);
  await checkOwner(attributes, pod, node);
  const referenced = apiReferenceIn(pod);
  if (referenced) throw refuse(`node ${quoted} can not create pods that reference ${referenced}`);
}

async function checkOwner(attributes: Attributes, pod: Pod, nodeName: string): Promise<void> {
  const quoted = JSON.stringify(nodeName);
  const refuse = (why: string) => refused(attributes, why);
  const [owner, ...others] = pod.metadata.ownerReferences ?? [];
  if (others.length > 0)
    throw refuse(`node ${quoted} can only create pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== nodeName) {
    throw refuse(`node ${quoted} can only create pods with an owner reference set to itself`);
  }
  if (!owner.controller) {
    throw refuse(`node ${quoted} can only create pods with a controller owner reference set to itself`);
  }
  if (owner.blockOwnerDeletion) throw refuse(`node ${quoted} must not set blockOwnerDeletion on an owner reference`);
  const { objects } = attributes;
  const node = await objects.lookUp(nodeKind, nodeName);
  if (!node) throw notFoundError({ group: '', resource: 'nodes' }, nodeName);
  if (owner.uid !== node.metadata.uid) {
    throw refuse(`node ${nodeName} UID mismatch: expected ${owner.uid} got ${node.metadata.uid ?? ''}`);
  }
}
