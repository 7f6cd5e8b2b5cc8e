import { persistentVolume } from '@coracle/api/core/v1/persistentvolume';
import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { volumeAttributesClass } from '@coracle/api/storage/v1/volumeattributesclass';
import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/api/types/core/v1';
import { defineController, mapped, own } from '../../controller.ts';
import { setProtection } from '../../finalizer.ts';

/**
 * Keeps classes of volume attributes that claims or volumes name from going (KEP-3751): a class that is deleted stays until no claim wants it, has
 * it or is on its way to it, and no volume has it.
 */
export const attributesClassProtectionController = defineController({
  name: 'volumeattributesclass-protection-controller',
  serviceAccount: 'volumeattributesclass-protection-controller',
  workers: () => 1,
  watches: [
    own(volumeAttributesClass),
    mapped(persistentVolumeClaim, (it, old) => [...classesOfClaim(it), ...(old ? classesOfClaim(old) : [])]),
    mapped(persistentVolume, (it, old) => [...classesOfVolume(it), ...(old ? classesOfVolume(old) : [])]),
  ],

  async reconcile(key, { listers, client }) {
    const attributes = listers.get(volumeAttributesClass, key);
    if (!attributes) return;
    if (attributes.metadata.deletionTimestamp) {
      if (listers.list(persistentVolume).some((it) => classesOfVolume(it).includes(key))) return;
      if (listers.list(persistentVolumeClaim).some((it) => classesOfClaim(it).includes(key))) return;
    }
    await setProtection(client, volumeAttributesClass, attributes, 'kubernetes.io/vac-protection');
  },
});

const named = (...names: (string | undefined)[]): string[] =>
  names.filter((name) => name !== undefined && name !== '') as string[];

const classesOfVolume = ({ spec }: PersistentVolume): string[] => named(spec.volumeAttributesClassName);

const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): string[] =>
  named(
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  );
