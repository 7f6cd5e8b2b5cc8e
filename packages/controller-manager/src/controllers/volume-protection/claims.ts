import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { Pod } from '@coracle/api/types/core/v1';
import { defineController, mapped, own } from '../../controller.ts';
import { setProtection } from '../../finalizer.ts';

/**
 * Keeps claims that pods use from going (KEP-498, storage object in use protection): a claim that is deleted stays, with the finalizer that
 * admission gave it, until no scheduled pod names it. Claims from before admission did so get the finalizer here.
 */
export const claimProtectionController = defineController({
  name: 'persistentvolumeclaim-protection-controller',
  aliases: ['pvc-protection'],
  serviceAccount: 'pvc-protection-controller',
  workers: () => 1,
  watches: [own(persistentVolumeClaim), mapped(podKind, claimsOf)],

  async reconcile(key, { listers, client }) {
    const claim = listers.get(persistentVolumeClaim, key);
    if (!claim) return;
    const { namespace, name } = claim.metadata;
    const isUsed = (pods: readonly Pod[]): boolean =>
      // A kubelet starts no pod whose claim is being deleted, so that only those it may have started count.
      pods.some((it) => it.spec.nodeName && claimsOf(it).includes(`${namespace}/${name}`));
    if (claim.metadata.deletionTimestamp) {
      if (isUsed(listers.list(podKind, namespace))) return;
      // The cache may not have a pod yet that is bound already.
      if (isUsed((await client.list(podKind, { namespace })).items)) return;
    }
    await setProtection(client, persistentVolumeClaim, claim, 'kubernetes.io/pvc-protection');
  },
});

/** Keys of the claims a pod names, those made for it among them. */
function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    const name = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${metadata.name}-${volume.name}`);
    return name ? [`${metadata.namespace}/${name}`] : [];
  });
}
