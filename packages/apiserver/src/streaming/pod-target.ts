import { pod as podKind } from '@coracle/api/core/v1/pod';
import { badRequest, notFoundError } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';
import type { SubresourceCall } from '../registry/strategy.ts';

/** The pod of a call. Throws NotFound. */
export async function podOf({ objects, name, namespace }: SubresourceCall): Promise<Pod> {
  const pod = await objects.lookUp(podKind, name, namespace);
  if (!pod) throw notFoundError({ group: '', resource: 'pods' }, name);
  return pod;
}

/** The container a call means: the one it names, or the pod's only one. Throws BadRequest when that is none. */
export function containerOf({ metadata, spec }: Pod, wanted: string): string {
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  const all = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  const pod = metadata.name ?? '';
  if (wanted !== '') {
    if (all.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod}`);
  }
  const [only, ...more] = containers;
  if (only === undefined) throw badRequest(`a container name must be specified for pod ${pod}`);
  if (more.length === 0) return only.name;
  throw badRequest(`a container name must be specified for pod ${pod}, choose one of: [${all.join(' ')}]`);
}

/** The node a pod runs on. Throws BadRequest when it has none yet. */
export function hostOf({ metadata, spec }: Pod): string {
  if (spec.nodeName) return spec.nodeName;
  throw badRequest(`pod ${metadata.name ?? ''} does not have a host assigned`);
}
