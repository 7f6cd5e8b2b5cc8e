import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { badRequest } from '@coracle/api/meta/status';

/** Where a request is about its object: the namespace of its path, empty for kinds that live in none. */
export interface Place {
  readonly kind: Pick<AnyKind, 'namespaced'>;
  readonly namespace: string;
}

/** The path's namespace is the object's, and none is a cluster-scoped object's; throws BadRequest when it names another. */
export function placeInNamespace({ kind, namespace }: Place, { metadata }: Pick<KubeObject, 'metadata'>): void {
  if (!kind.namespaced) {
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = namespace;
}
