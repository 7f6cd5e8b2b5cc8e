import { resourceKey } from '../registry/strategy.ts';
import type { AdmissionPlugin } from './plugin.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

/** StorageObjectInUseProtection: what storage is made of stays while it is in use; a controller takes the finalizer off. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ kind, subresource, operation, object }) {
    const finalizer = finalizers[resourceKey(kind)];
    if (!finalizer || !object || subresource !== '' || operation !== 'CREATE') return;
    const { metadata } = object;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
