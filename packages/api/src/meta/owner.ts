import type { OwnerReference } from '../generated/meta/v1.ts';
import type { AnyKind, KubeObject } from '../kind.ts';

/** The owner reference marked `controller`; an object has at most one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** The reference a controller writes into what it creates for `owner`. */
export function controllerRef(owner: KubeObject, kind: AnyKind): OwnerReference {
  return { ...ownerRef(owner, kind), controller: true, blockOwnerDeletion: true };
}

/** A plain reference to `owner`, neither controlling nor blocking its deletion. */
export function ownerRef(owner: KubeObject, kind: AnyKind): OwnerReference {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
  };
}

/** Whether `owner` is the controller of `object`, by uid. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  const reference = controllerOf(object);
  return reference !== undefined && reference.uid === owner.metadata.uid;
}
