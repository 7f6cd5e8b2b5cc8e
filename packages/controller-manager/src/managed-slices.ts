import type { EndpointSlice } from '@coracle/api/types/discovery/v1';

/** Names the Service a slice belongs to. */
export const serviceNameLabel = 'kubernetes.io/service-name';
/** Names the controller that keeps a slice. */
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
/** On Endpoints: they are not to be copied into slices. */
export const skipMirrorLabel = 'endpointslice.kubernetes.io/skip-mirror';

/** The key of the Service whose slice this is, where `managedBy` keeps it: one key or none. */
export function keysOfManaged({ metadata: { labels = {}, namespace } }: EndpointSlice, managedBy: string): string[] {
  const name = labels[serviceNameLabel];
  return labels[managedByLabel] === managedBy && name ? [`${namespace}/${name}`] : [];
}
