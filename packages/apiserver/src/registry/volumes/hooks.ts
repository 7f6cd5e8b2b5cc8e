import { now } from '@coracle/api/meta/time';
import type { PersistentVolume } from '@coracle/api/types/core/v1';
import type { ResourceHooks } from '../strategy.ts';

/** What the server keeps straight in volumes: when they came to their phase (KEP-3762). */
export const persistentVolumeHooks: ResourceHooks<PersistentVolume> = {
  beforeUpdate(volume, old, { subresource }) {
    if (subresource === 'status') stampTransition(volume, old);
    return undefined;
  },
};

/** Who reports another phase may say since when; otherwise it is since now. */
function stampTransition({ status = {} }: PersistentVolume, { status: old = {} }: PersistentVolume): void {
  const before = old.lastPhaseTransitionTime;
  if (status.phase !== old.phase) {
    if (!status.lastPhaseTransitionTime || status.lastPhaseTransitionTime === before)
      status.lastPhaseTransitionTime = now();
  } else if (!status.lastPhaseTransitionTime && before) {
    status.lastPhaseTransitionTime = before;
  }
}
