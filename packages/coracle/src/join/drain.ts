import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { isMirror } from '@coracle/api/core/v1/static-pods';
import { isNotFound, isTooManyRequests } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import { seconds } from '../cli/progress.ts';
import { waitFor } from '../cluster/wait.ts';
import { fail } from '../failure.ts';

/** A pod that a disruption budget keeps is asked for again after this, in milliseconds; as kubectl does. */
const again = 5000;

/**
 * Keeps new pods off a node and evicts those there are, all but those of DaemonSets and of manifest files; waits until they are gone. It takes no more
 * rights than the node itself has. Throws Failure when they have not left after `limit` milliseconds: the node takes pods again then.
 */
export async function drainNode(client: Client, node: string, limit: number, signal: AbortSignal): Promise<void> {
  await setUnschedulable(client, node, true);
  let left: string[] = [];
  const asked = new Map<string, number>();
  const done = await waitFor(
    async () => {
      const { items } = await client.list(podKind, { fieldSelector: `spec.nodeName=${node}` });
      const leaving = items.filter(isToLeave);
      left = leaving.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
      if (leaving.length === 0) return true;
      for (const it of leaving) {
        const last = asked.get(it.metadata.uid!) ?? Number.NEGATIVE_INFINITY;
        if (it.metadata.deletionTimestamp || Date.now() - last < again) continue;
        asked.set(it.metadata.uid!, Date.now());
        await evict(client, it);
      }
      return undefined;
    },
    limit,
    signal,
  );
  if (done) return;
  await setUnschedulable(client, node, false);
  fail(`${node} cannot be drained within ${seconds(limit)}: ${left.join(', ')} stay`, {
    next: "'coracle node leave --force' leaves without, and ends them.",
  });
}

/** Whether a pod has somewhere else to go. */
export function isToLeave(pod: Pod): boolean {
  const { metadata, status } = pod;
  if (isMirror(pod)) return false;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  return !metadata.ownerReferences?.some((it) => it.controller && it.kind === 'DaemonSet');
}

async function evict(client: Client, { metadata }: Pod): Promise<void> {
  const { name, namespace } = metadata;
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
  try {
    await client.subresource(podKind, name!, namespace, 'eviction', 'POST', eviction);
  } catch (error) {
    if (!isTooManyRequests(error) && !isNotFound(error)) throw error; // kept by a budget at present, or gone
  }
}

async function setUnschedulable(client: Client, node: string, unschedulable: boolean): Promise<void> {
  await client.patch(nodeKind, node, undefined, { type: 'merge', body: { spec: { unschedulable } } });
}
