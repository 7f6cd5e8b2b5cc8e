import { storageClassOf } from '@coracle/api/core/v1/class-annotation';
import { Quantity } from '@coracle/api/meta/quantity';
import { storageClass } from '@coracle/api/storage/v1/storageclass';
import type { PersistentVolumeClaim } from '@coracle/api/types/core/v1';
import type { AdmissionPlugin } from './plugin.ts';
import { isCore, refused } from './refusal.ts';

/** PersistentVolumeClaimResize: a claim grows only where its class says that its volumes can. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  validate(attributes) {
    const { operation, subresource, objects } = attributes;
    if (!isCore(attributes, 'persistentvolumeclaims') || subresource !== '' || operation !== 'UPDATE') return;
    const now = attributes.object as PersistentVolumeClaim;
    const old = attributes.oldObject as PersistentVolumeClaim;
    if (wanted(now).cmp(wanted(old)) <= 0) return;
    if (old.status?.phase !== 'Bound') {
      throw refused(attributes, 'Only bound persistent volume claims can be expanded');
    }
    const name = storageClassOf(now);
    const found = name !== '' && name === storageClassOf(old) ? objects.cached(storageClass, name) : undefined;
    if (found?.allowVolumeExpansion) return;
    throw refused(
      attributes,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
};

const wanted = ({ spec }: PersistentVolumeClaim) => Quantity.parse(spec.resources?.requests?.['storage'] ?? '0');
