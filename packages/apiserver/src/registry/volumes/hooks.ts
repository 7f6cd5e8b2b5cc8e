import { now } from '@coracle/api/meta/time';
import type { PersistentVolume, PersistentVolumeClaim } from '@coracle/api/types/core/v1';
import type { ResourceHooks } from '../strategy.ts';
import { claimWarnings, volumeWarnings } from './warnings.ts';

/** What the server keeps straight in volumes: when they came to their phase (KEP-3762), and what it warns of. */
export const persistentVolumeHooks: ResourceHooks<PersistentVolume> = {
  beforeCreate(volume, { warn }) {
    volumeWarnings(volume).forEach(warn);
    return undefined;
  },
  beforeUpdate(volume, old, { subresource, warn }) {
    if (subresource === 'status') stampTransition(volume, old);
    else volumeWarnings(volume).forEach(warn);
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

/** What the server warns of in claims. */
export const persistentVolumeClaimHooks: ResourceHooks<PersistentVolumeClaim> = {
  beforeCreate(claim, { warn }) {
    claimWarnings(claim).forEach(warn);
    return undefined;
  },
  beforeUpdate(claim, _old, { subresource, warn }) {
    if (subresource === '') claimWarnings(claim).forEach(warn);
    return undefined;
  },
};
