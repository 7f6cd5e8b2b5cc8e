import { validateEphemeralContainers } from '@coracle/api/core/v1/ephemeral-containers';
import { validatePodResize, withResourcesOf } from '@coracle/api/core/v1/pod-resize';
import { deepEqual } from '@coracle/api/meta/object';
import type { Pod, PodSpec } from '@coracle/api/types/core/v1';
import type { Subresource, View } from '../strategy.ts';
import { metadataKept } from '../update.ts';

/** GET, PUT and PATCH of `pods/ephemeralcontainers` and `pods/resize`: parts of a pod's spec that may change while it runs. */
export const podSpecPart: Subresource = {
  methods: ['GET', 'PATCH', 'PUT'],
  body: { group: '', version: 'v1', kind: 'Pod' },
};

/** Adds containers to a running pod, to look at it (KEP-277). */
export const ephemeralContainersView: View<Pod> = {
  prepare: (it, old) => changed(it, old, withContainersOf(old.spec, it.spec)),
  validate: validateEphemeralContainers,
};

/** Asks for other amounts of cpu and memory for a running pod's containers (KEP-1287); the kubelet sees to it. */
export const resizeView: View<Pod> = {
  prepare: (it, old) => changed(it, old, withResourcesOf(old.spec, it.spec)),
  validate: validatePodResize,
};

function withContainersOf(spec: PodSpec, { ephemeralContainers: wanted }: PodSpec): PodSpec {
  const { ephemeralContainers: _, ...rest } = spec;
  return wanted?.length ? { ...rest, ephemeralContainers: wanted } : rest;
}

/** The old pod with another spec. */
function changed(it: Pod, old: Pod, spec: PodSpec): Pod {
  const metadata = metadataKept(it, old);
  if (!deepEqual(spec, old.spec)) metadata.generation = (old.metadata.generation ?? 0) + 1;
  return { ...old, metadata, spec };
}
