import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { isNotFound } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { Pod } from '@coracle/api/types/core/v1';
import { delay } from '@coracle/client/rate-limit';
import { defineController, observed, type Scope } from '../../controller.ts';
import { isTerminated } from '../../pods.ts';

const period = 20_000;
/** How long a node must be gone before its pods are deleted: it may only be registering anew. */
const quarantine = 40_000;

/** Deletes pods nobody will: of nodes that are gone, never scheduled but being deleted, and ended ones beyond a number. */
export const podGarbageCollectorController = defineController({
  name: 'pod-garbage-collector-controller',
  aliases: ['podgc'],
  serviceAccount: 'pod-garbage-collector',
  watches: [observed(pod), observed(node)],

  async run(scope) {
    const missing = new Map<string, number>();
    while (!scope.signal.aborted) {
      try {
        await collect(scope, missing, Date.now());
      } catch (error) {
        if (!scope.signal.aborted)
          scope.log.error(
            { controller: 'pod-garbage-collector-controller', err: error },
            'Collecting pods failed, trying again later',
          );
      }
      await delay(period, scope.signal);
    }
  },

  async reconcile() {},
});

/** One round. `missing` remembers since when nodes are gone (ms). */
export async function collect(scope: Scope, missing: Map<string, number>, at: number): Promise<void> {
  const pods = scope.listers.list(pod);
  for (const it of endedBeyond(pods, scope.settings.terminatedPodGcThreshold)) await remove(it, scope);
  for (const it of pods) {
    if (it.metadata.deletionTimestamp && !it.spec.nodeName && !it.spec.schedulingGates?.length) await remove(it, scope);
  }
  const gone = goneNodes(pods, new Set(scope.listers.list(node).map((each) => each.metadata.name!)), missing, at);
  for (const name of gone) {
    if (await exists(name, scope)) continue;
    for (const it of pods.filter((each) => each.spec.nodeName === name))
      await remove(it, scope, 'PodGC: node no longer exists');
  }
}

/** Ended pods beyond the threshold, oldest first. 0 keeps all. */
export function endedBeyond(pods: readonly Pod[], threshold: number): Pod[] {
  const ended = pods.filter(isTerminated);
  if (threshold <= 0 || ended.length <= threshold) return [];
  return ended
    .sort((a, b) => (a.metadata.creationTimestamp! < b.metadata.creationTimestamp! ? -1 : 1))
    .slice(0, ended.length - threshold);
}

/** Names of nodes that pods are bound to and that have been missing for long enough. */
export function goneNodes(
  pods: readonly Pod[],
  nodes: ReadonlySet<string>,
  missing: Map<string, number>,
  at: number,
): string[] {
  const bound = new Set(pods.map((each) => each.spec.nodeName).filter((name) => name !== undefined && name !== ''));
  for (const name of missing.keys()) if (nodes.has(name) || !bound.has(name)) missing.delete(name);
  for (const name of bound) if (!nodes.has(name!) && !missing.has(name!)) missing.set(name!, at);
  return [...missing].filter(([, since]) => at - since >= quarantine).map(([name]) => name);
}

async function exists(name: string, { client }: Scope): Promise<boolean> {
  try {
    await client.get(node, name);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Deletes a pod at once; one that had not ended is marked Failed first, since its kubelet will not say so. */
async function remove(it: Pod, { client }: Scope, disruption?: string): Promise<void> {
  const { name, namespace, uid } = it.metadata;
  try {
    if (!isTerminated(it)) {
      const conditions = [...(it.status?.conditions ?? [])].filter((each) => each.type !== 'DisruptionTarget');
      if (disruption && !findCondition(it.status?.conditions, 'DisruptionTarget')) {
        conditions.push({
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: disruption,
          lastTransitionTime: now(),
        });
      }
      const body = { metadata: { uid }, status: { phase: 'Failed', conditions } };
      await client.patch(pod, name!, namespace, { type: 'strategic', body }, { subresource: 'status' });
    }
    await client.delete(pod, name!, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
