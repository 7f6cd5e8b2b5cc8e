import { resourceKey } from './strategy.ts';

/** Resources whose deletion answers with the object that was deleted; the others answer with a Status. */
const returned = new Set([
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'deviceclasses.resource.k8s.io',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
  'resourceslices.resource.k8s.io',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
]);

/** Whether the DELETE of an object answers with the object. */
export const returnsDeletedObject = (kind: { group: string; plural: string }): boolean =>
  returned.has(resourceKey(kind));
