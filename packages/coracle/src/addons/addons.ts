import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@coracle/client';
import { type Cluster, clusterDomain, dnsAddress, pkiFolder, publicServer } from '../cluster/cluster.ts';
import { ensureAccountTokens } from '../join/account-token.ts';
import { nodeJoinObjects } from '../join/node-objects.ts';
import { joinObjects } from '../join/objects.ts';
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

/** Lets machines join a cluster with a token, and tells them what they need. Throws StatusError. */
export async function applyJoining(cluster: Cluster, client: Client): Promise<void> {
  const pki = (file: string) => readFileSync(join(pkiFolder(cluster), file), 'utf8');
  const access = { server: publicServer(cluster), authority: pki('ca.crt') };
  await applyAddon(client, [...joinObjects(access), ...nodeJoinObjects(cluster, pki)]);
  await ensureAccountTokens(client);
}
