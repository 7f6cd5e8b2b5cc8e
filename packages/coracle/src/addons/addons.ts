import type { Client } from '@coracle/client';
import { type Cluster, clusterDomain, dnsAddress } from '../cluster/cluster.ts';
import { applyAddon } from './addon.ts';
import { clusterDns } from './cluster-dns.ts';
import { overlayAccess } from './overlay.ts';

/** Lets what nodes need before they can be Ready do its work. Throws StatusError. */
export async function applyNodeAccess(cluster: Cluster, client: Client): Promise<void> {
  if (cluster.overlay.subnetSource === 'kubernetes') await applyAddon(client, overlayAccess);
}

/** Brings what a cluster runs from the beginning to what it should be; its images must be in the nodes. Throws StatusError. */
export async function applyAddons(cluster: Cluster, client: Client): Promise<void> {
  const replicas = Math.min(cluster.nodes.length, 2);
  await applyAddon(client, clusterDns({ clusterIp: dnsAddress(cluster), clusterDomain, replicas }));
}
