import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { keyOf } from '@coracle/api/meta/object';
import { isNotFound } from '@coracle/api/meta/status';
import { now, parseTime } from '@coracle/api/meta/time';
import type { Node, Pod, Taint } from '@coracle/api/types/core/v1';
import { defineController, mapped, type Scope } from '../../controller.ts';
import { timeLeft } from './tolerance.ts';

const nodeIndex = 'spec.nodeName';

/** When the eviction of a pod was first due to start, by pod key: the clock of a toleration starts when the taint is first seen. */
const clocks = new WeakMap<Scope, Map<string, { uid: string; since: number }>>();

/** Deletes pods from nodes with NoExecute taints that they do not tolerate, or no longer tolerate. */
export const taintEvictionController = defineController({
  name: 'taint-eviction-controller',
  aliases: ['taint-eviction'],
  serviceAccount: 'node-controller',
  watches: [
    mapped(pod, (it) => [keyOf(it)], { index: [nodeIndex, (it) => (it.spec.nodeName ? [it.spec.nodeName] : [])] }),
    mapped(node, (it, _old, scope) => scope.listers.byIndex(pod, nodeIndex, it.metadata.name!).map(keyOf)),
  ],

  async reconcile(key, scope) {
    const clock = clockOf(scope);
    const it = scope.listers.get(pod, key);
    const host = it?.spec.nodeName ? scope.listers.get(node, it.spec.nodeName) : undefined;
    const taints = host ? noExecute(host) : [];
    const left = it && taints.length > 0 ? timeLeft(taints, it.spec.tolerations ?? []) : undefined;
    if (!it || left === undefined || it.metadata.deletionTimestamp) {
      if (it && clock.has(key) && !it.metadata.deletionTimestamp) {
        scope.record(it, pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
      }
      clock.delete(key);
      return;
    }
    const running = clock.get(key);
    const since = running?.uid === it.metadata.uid ? running!.since : startOf(taints);
    clock.set(key, { uid: it.metadata.uid!, since });
    const wait = since + left - Date.now();
    if (wait > 0) return scope.enqueue(key, wait);
    await evict(it, scope);
    clock.delete(key);
  },
});

/** The clock starts with the newest taint, where its time is known. */
function startOf(taints: readonly Taint[]): number {
  const times = taints.map((each) => (each.timeAdded ? parseTime(each.timeAdded) : Date.now()));
  return Math.min(Date.now(), Math.max(...times));
}

const noExecute = (it: Node): Taint[] => (it.spec.taints ?? []).filter((each) => each.effect === 'NoExecute');

async function evict(it: Pod, { client, record }: Scope): Promise<void> {
  const { name, namespace, uid } = it.metadata;
  record(it, pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`);
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: now(),
  };
  try {
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await client.patch(pod, name!, namespace, { type: 'strategic', body }, { subresource: 'status' });
    await client.delete(pod, name!, namespace, { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function clockOf(scope: Scope): Map<string, { uid: string; since: number }> {
  const known = clocks.get(scope);
  if (known) return known;
  const clock = new Map();
  clocks.set(scope, clock);
  return clock;
}
