import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition, isConditionTrue, setCondition } from '@coracle/api/meta/conditions';
import { clone } from '@coracle/api/meta/object';
import { isNotFound } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import { delay } from '@coracle/client/rate-limit';
import { defineController, observed, type Scope } from '../../controller.ts';
import { isTerminated } from '../../pods.ts';

const name = 'pod-garbage-collector-controller';
const period = 20_000;
/** How long a node must be gone before its pods are deleted: it may only be registering anew. */
const quarantine = 40_000;

/**
 * Deletes pods nobody will: of nodes that are gone, on their way out on nodes that were taken out of service, never scheduled but being
 * deleted, and ended ones beyond a number.
 */
export const podGarbageCollectorController = defineController({
  name,
  aliases: ['podgc'],
  serviceAccount: 'pod-garbage-collector',
  watches: [observed(pod), observed(node)],

  async run(scope) {
    const missing = new Map<string, number>();
    while (!scope.signal.aborted) {
      await collect(scope, missing, Date.now());
      await delay(period, scope.signal);
    }
  },

  async reconcile() {},
});

/** One round. `missing` remembers since when nodes are gone (ms). What fails is logged and left to the next round. */
export async function collect(scope: Scope, missing: Map<string, number>, at: number): Promise<void> {
  const pods = scope.listers.list(pod);
  const nodes = new Map(scope.listers.list(node).map((each) => [each.metadata.name!, each]));
  const abandoned = pods.filter(
    (it) => it.metadata.deletionTimestamp && (!it.spec.nodeName || isOutOfService(nodes.get(it.spec.nodeName))),
  );
  for (const it of [...endedBeyond(pods, scope.settings.terminatedPodGcThreshold), ...abandoned]) {
    await attempt(scope, () => remove(it, scope));
  }
  for (const gone of goneNodes(pods, new Set(nodes.keys()), missing, at)) {
    await attempt(scope, async () => {
      if (await exists(gone, scope)) return;
      for (const it of pods.filter((each) => each.spec.nodeName === gone)) {
        await attempt(scope, () => remove(it, scope, 'PodGC: node no longer exists'));
      }
    });
  }
}

async function attempt({ log, signal }: Scope, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (err) {
    if (!signal.aborted) log.error({ controller: name, err }, 'Collecting a pod failed, trying again later');
  }
}

/** Whether an operator has said of a node that is not ready that it will not come back with what it ran (KEP-2268). */
function isOutOfService(it: Node | undefined): boolean {
  if (!it || isConditionTrue(it.status?.conditions, 'Ready')) return false;
  return (it.spec.taints ?? []).some((each) => each.key === 'node.kubernetes.io/out-of-service');
}

/** Ended pods beyond the threshold: evicted ones first, then the oldest. 0 keeps all. */
export function endedBeyond(pods: readonly Pod[], threshold: number): Pod[] {
  const ended = pods.filter(isTerminated);
  if (threshold <= 0 || ended.length <= threshold) return [];
  const isEvicted = ({ status }: Pod) => status?.phase === 'Failed' && status.reason === 'Evicted';
  return ended
    .sort(
      (a, b) =>
        Number(isEvicted(b)) - Number(isEvicted(a)) ||
        (a.metadata.creationTimestamp! < b.metadata.creationTimestamp! ? -1 : 1),
    )
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
      const conditions = clone(it.status?.conditions ?? []);
      if (disruption) {
        setCondition(conditions, {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: disruption,
          lastTransitionTime: now(),
        });
      }
      const marked = findCondition(conditions, 'DisruptionTarget');
      const body = { metadata: { uid }, status: { phase: 'Failed', ...(marked ? { conditions: [marked] } : {}) } };
      await client.patch(pod, name!, namespace, { type: 'strategic', body }, { subresource: 'status' });
    }
    await client.delete(pod, name!, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
