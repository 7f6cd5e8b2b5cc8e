import type { PersistentVolumeSource, VolumeSource } from '../../generated/core/v1.ts';

type Defaulted = Pick<PersistentVolumeSource & VolumeSource, 'hostPath' | 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>;

/** Fills in the sources that pods' volumes and PersistentVolumes share, in place. */
export function volumeSourceDefaults({ hostPath, iscsi, rbd, azureDisk, scaleIO }: Defaulted): void {
  if (hostPath) hostPath.type ??= '';
  if (iscsi) iscsi.iscsiInterface ||= 'default';
  if (rbd) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
