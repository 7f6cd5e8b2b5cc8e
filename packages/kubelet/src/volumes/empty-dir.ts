import { chmod, mkdir, stat } from 'node:fs/promises';
import { Quantity } from '@coracle/api/meta/quantity';
import type { VolumeKind } from './kinds.ts';
import { isMountPoint, mountTmpfs } from './mounts.ts';
import { giveToGroup } from './ownership.ts';

/** Scratch space that lives as long as the pod: a folder, or memory with `medium: Memory`. */
export const emptyDir: VolumeKind = {
  folder: 'kubernetes.io~empty-dir',
  async setUp({ pod, volume, folder }) {
    const { medium, sizeLimit } = volume.emptyDir ?? {};
    if (medium && medium !== 'Memory') throw new Error(`unknown storage medium "${medium}"`);
    const made = await stat(folder).then(
      () => false,
      () => true,
    );
    if (made) await mkdir(folder, { recursive: true });
    let fresh = made;
    if (medium === 'Memory' && !(await isMountPoint(folder))) {
      await mountTmpfs(folder, sizeLimit ? Number(Quantity.parse(sizeLimit).value()) : undefined);
      fresh = true;
    }
    if (!fresh) return folder;
    await chmod(folder, 0o777);
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
    if (fsGroup !== undefined) await giveToGroup(folder, fsGroup, { changePolicy: fsGroupChangePolicy });
    return folder;
  },
};
