import { persistentVolume } from '@coracle/api/core/v1/persistentvolume';
import { defineController, own } from '../../controller.ts';
import { setProtection } from '../../finalizer.ts';

/** Keeps volumes that are bound to a claim from going: a volume that is deleted stays until it is not bound any more (KEP-498). */
export const volumeProtectionController = defineController({
  name: 'persistentvolume-protection-controller',
  aliases: ['pv-protection'],
  serviceAccount: 'pv-protection-controller',
  workers: () => 1,
  watches: [own(persistentVolume)],

  async reconcile(key, { listers, client }) {
    const volume = listers.get(persistentVolume, key);
    if (!volume) return;
    if (volume.metadata.deletionTimestamp && volume.status?.phase === 'Bound') return;
    await setProtection(client, persistentVolume, volume, 'kubernetes.io/pv-protection');
  },
});
