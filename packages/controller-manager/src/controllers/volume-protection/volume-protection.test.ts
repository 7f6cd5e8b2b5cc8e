import { persistentVolume } from '@coracle/api/core/v1/persistentvolume';
import { persistentVolumeClaim } from '@coracle/api/core/v1/persistentvolumeclaim';
import { pod } from '@coracle/api/core/v1/pod';
import { volumeAttributesClass } from '@coracle/api/storage/v1/volumeattributesclass';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@coracle/api/types/core/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { attributesClassProtectionController } from './attributes-classes.ts';
import { claimProtectionController } from './claims.ts';
import { volumeProtectionController } from './volumes.ts';

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await testCluster([
    attributesClassProtectionController,
    claimProtectionController,
    volumeProtectionController,
  ]);
});
afterEach(() => cluster.close());

const resources = { requests: { storage: '1Gi' } };
const claim = (name: string) =>
  ({
    metadata: { name, namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources },
  }) as PersistentVolumeClaim;
const podWith = (name: string, claimName: string, nodeName?: string) =>
  ({
    metadata: { name, namespace: 'default' },
    spec: {
      ...(nodeName ? { nodeName } : {}),
      containers: [{ name: 'c', image: 'x' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  }) as Pod;
const isProtected = (name: string) =>
  cluster.eventually(
    () => cluster.get(persistentVolumeClaim, name),
    (it) => it.metadata.finalizers?.includes('kubernetes.io/pvc-protection') === true,
  );

describe('a claim', () => {
  it('that a scheduled pod uses stays, deleted as it is, until the pod is gone', async () => {
    await cluster.client.create(persistentVolumeClaim, claim('used'));
    await isProtected('used');
    await cluster.client.create(pod, podWith('user', 'used', 'node-1'));
    await cluster.client.delete(persistentVolumeClaim, 'used', 'default');
    // Another that nobody uses is gone by the time that this one would be.
    await cluster.client.create(persistentVolumeClaim, claim('unused'));
    await isProtected('unused');
    await cluster.client.delete(persistentVolumeClaim, 'unused', 'default');
    await cluster.eventually(() => cluster.gone(persistentVolumeClaim, 'unused'), Boolean);
    expect((await cluster.get(persistentVolumeClaim, 'used')).metadata.deletionTimestamp).toBeDefined();
    await cluster.client.delete(pod, 'user', 'default', { gracePeriodSeconds: 0 });
    await cluster.eventually(() => cluster.gone(persistentVolumeClaim, 'used'), Boolean);
  });

  it('that only a pod without a node uses goes', async () => {
    await cluster.client.create(persistentVolumeClaim, claim('wanted'));
    await isProtected('wanted');
    await cluster.client.create(pod, podWith('waiting', 'wanted'));
    await cluster.client.delete(persistentVolumeClaim, 'wanted', 'default');
    await cluster.eventually(() => cluster.gone(persistentVolumeClaim, 'wanted'), Boolean);
  });
});

describe('a volume', () => {
  it('that is bound stays until it is not', async () => {
    const volume = {
      metadata: { name: 'disk' },
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
    } as PersistentVolume;
    await cluster.client.create(persistentVolume, volume);
    const phase = (to: string) =>
      cluster.change(
        persistentVolume,
        'disk',
        (it) => {
          it.status = { ...it.status, phase: to };
        },
        { status: true },
      );
    await cluster.eventually(
      () => cluster.get(persistentVolume, 'disk'),
      (it) => it.metadata.finalizers?.includes('kubernetes.io/pv-protection') === true,
    );
    await phase('Bound');
    await cluster.client.delete(persistentVolume, 'disk');
    expect((await cluster.get(persistentVolume, 'disk')).metadata.deletionTimestamp).toBeDefined();
    await phase('Released');
    await cluster.eventually(() => cluster.gone(persistentVolume, 'disk'), Boolean);
  });
});

describe('a class of volume attributes', () => {
  const made = async (name: string) => {
    await cluster.client.create(volumeAttributesClass, {
      metadata: { name },
      driverName: 'disk.example',
      parameters: { iops: '1' },
    });
    await cluster.eventually(
      () => cluster.get(volumeAttributesClass, name),
      (it) => it.metadata.finalizers?.includes('kubernetes.io/vac-protection') === true,
    );
  };
  const goes = (name: string) => cluster.eventually(() => cluster.gone(volumeAttributesClass, name), Boolean);

  it('that nothing names goes when it is deleted', async () => {
    await made('fast');
    await cluster.client.delete(volumeAttributesClass, 'fast');
    await goes('fast');
  });

  it('stays while a claim wants it, has it or is on its way to it, or a volume has it', async () => {
    await made('fast');
    await cluster.client.create(persistentVolumeClaim, claim('data'));
    const changed = (change: (it: PersistentVolumeClaim) => void, status: boolean) =>
      cluster.change(persistentVolumeClaim, 'data', change, { status });
    await changed((it) => {
      it.status = {
        ...it.status,
        currentVolumeAttributesClassName: 'fast',
        modifyVolumeStatus: { targetVolumeAttributesClassName: 'fast', status: 'InProgress' },
      };
    }, true);
    const volume = {
      metadata: { name: 'disk' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        csi: { driver: 'disk.example', volumeHandle: '1' },
        volumeAttributesClassName: 'fast',
      },
    } as PersistentVolume;
    await cluster.client.create(persistentVolume, volume);
    await cluster.client.create(persistentVolumeClaim, {
      ...claim('new'),
      spec: { ...claim('new').spec, volumeAttributesClassName: 'fast' },
    });
    await cluster.client.delete(volumeAttributesClass, 'fast');
    const stays = async () => {
      // Another that nothing names is gone by the time that this one would be.
      await made('other');
      await cluster.client.delete(volumeAttributesClass, 'other');
      await goes('other');
      expect((await cluster.get(volumeAttributesClass, 'fast')).metadata.deletionTimestamp).toBeDefined();
    };
    await stays();
    await cluster.client.delete(persistentVolumeClaim, 'new', 'default');
    await stays();
    await cluster.client.delete(persistentVolume, 'disk');
    await stays();
    await changed((it) => {
      delete it.status!.modifyVolumeStatus;
    }, true);
    await stays();
    await changed((it) => {
      delete it.status!.currentVolumeAttributesClassName;
    }, true);
    await goes('fast');
  });
});
