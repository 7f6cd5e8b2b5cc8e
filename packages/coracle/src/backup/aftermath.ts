import { lease as leaseKind } from '@coracle/api/coordination/v1/lease';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client';
import type { ClusterPlace } from '../cluster/cluster.ts';
import { restoreUnderWay } from './replacing.ts';

/** Programs of which one at a time works, by the name of their lease in kube-system. */
const led = ['kube-controller-manager', 'kube-scheduler'];

/**
 * Has a restored API forget what it knows of a world that is no more: nodes that were removed since, pods on them, and leases of programs that
 * ended with the cluster. Others would find all of it out by themselves, within minutes. Does nothing unless a restore is under way. Throws
 * StatusError.
 */
export async function forgetBygones(place: ClusterPlace, client: Client): Promise<void> {
  const restore = restoreUnderWay(place);
  if (!restore) return;
  for (const node of restore.goneNodes) {
    await unless(isNotFound, client.delete(nodeKind, node));
    const { items } = await client.list(podKind, { fieldSelector: `spec.nodeName=${node}` });
    for (const { metadata } of items) {
      const now = { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } };
      await unless(isNotFound, client.delete(podKind, metadata.name!, metadata.namespace, now));
    }
  }
  for (const name of led) await unless(isNotFound, release(client, name, restore.begun));
}

/** Gives a lease up in its holder's stead, as that does when it ends in order; not one that was taken since. */
async function release(client: Client, name: string, begun: Date): Promise<void> {
  const lease = await client.get(leaseKind, name, 'kube-system');
  if (Date.parse(lease.spec?.renewTime ?? '') >= begun.getTime()) return;
  const spec = { ...lease.spec, holderIdentity: undefined, leaseDurationSeconds: 1 };
  await unless(isConflict, client.update(leaseKind, { ...lease, spec })); // somebody takes it just now
}

async function unless(expected: (error: unknown) => boolean, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!expected(error)) throw error;
  }
}
