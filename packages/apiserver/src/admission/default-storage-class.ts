import { storageClassAnnotation } from '@coracle/api/core/v1/class-annotation';
import { defaultClass } from '@coracle/api/storage/default-class';
import { defaultStorageClassAnnotations, storageClass } from '@coracle/api/storage/v1/storageclass';
import type { PersistentVolumeClaim } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isCore } from './refusal.ts';

/** DefaultStorageClass: a claim that names no class gets the default one, where there is one. An empty name is a name. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  mutate(attributes) {
    const { operation, subresource, objects } = attributes;
    if (!isCore(attributes, 'persistentvolumeclaims') || subresource !== '' || operation !== 'CREATE') return;
    const { metadata, spec } = attributes.object as PersistentVolumeClaim;
    if (spec.storageClassName !== undefined || metadata.annotations?.[storageClassAnnotation] !== undefined) return;
    const found = defaultClass(objects.cachedList(storageClass), defaultStorageClassAnnotations);
    if (found) spec.storageClassName = found.metadata.name!;
  },
};
