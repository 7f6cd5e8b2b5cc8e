import type { KubeObject } from '@coracle/api/kind';
import { badRequest } from '@coracle/api/meta/status';
import { placeInNamespace } from '../registry/place.ts';
import type { Call } from './call.ts';

/** Throws BadRequest when an object is not the one that the path names. */
export function checkPlace(place: Pick<Call, 'kind' | 'namespace' | 'name'>, object: KubeObject): void {
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
