import type { KubeObject } from '@coracle/api/kind';
import { badRequest } from '@coracle/api/meta/status';
import type { Call } from './call.ts';

type Place = Pick<Call, 'kind' | 'namespace' | 'name'>;

/** The path's namespace is the object's, and none is a cluster-scoped object's; throws BadRequest when it names another. */
export function placeInNamespace({ kind, namespace }: Place, { metadata }: KubeObject): void {
  if (!kind.namespaced) {
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = namespace;
}

/** Throws BadRequest when an object is not the one that the path names. */
export function checkPlace(place: Place, object: KubeObject): void {
  object.metadata ??= {};
  placeInNamespace(place, object);
  const { name } = object.metadata;
  if (!name) {
    throw badRequest(`the name of the object (${place.name} based on URL) was undeterminable: name must be provided`);
  }
  if (name !== place.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${place.name})`);
  }
}
