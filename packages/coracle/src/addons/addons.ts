import type { Client } from '@coracle/client';
import type { Cluster } from '../cluster/cluster.ts';

/** Brings what a cluster has in its API from the beginning to what it should be. Throws StatusError. */
export async function applyAddons(cluster: Cluster, client: Client): Promise<void> {
  const [{ applyObjects }, { overlayAccess }] = await Promise.all([import('./apply.ts'), import('./overlay.ts')]);
  await applyObjects(client, [...(cluster.overlay.subnetSource === 'kubernetes' ? overlayAccess : [])]);
}
