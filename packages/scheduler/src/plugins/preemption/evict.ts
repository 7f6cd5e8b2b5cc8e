import { now } from '@coracle/api/meta/time';
import type { Handle } from '../../framework/handle.ts';
import type { PodInfo } from '../../framework/pod-info.ts';
import type { Victims } from './victims.ts';

const reason = 'PreemptionByScheduler';

/**
 * Evicts the victims: those still waiting on Permit are turned away, the others get a DisruptionTarget condition (KEP-3329) and
 * are deleted. Nominations of less important pods for the node end: they would count on room that is now taken.
 */
export async function evict(victims: Victims, preemptor: PodInfo, handle: Handle): Promise<void> {
  await Promise.all(victims.pods.map((each) => evictOne(each, victims.node, preemptor, handle)));
  for (const other of [...handle.nominator.on(victims.node)]) {
    if (other.priority >= preemptor.priority) continue;
    handle.nominator.delete(other.uid);
    await handle.pods.patchStatus(other.pod, { nominatedNodeName: null });
  }
}

async function evictOne(victim: PodInfo, node: string, preemptor: PodInfo, handle: Handle): Promise<void> {
  const waiting = handle.waitingPods.get(victim.uid);
  if (waiting) {
    waiting.reject('DefaultPreemption', 'preempted');
  } else if (!victim.pod.metadata.deletionTimestamp) {
    const who = preemptor.pod.spec.schedulerName ?? 'default-scheduler';
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason,
      message: `${who}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: now(),
    };
    await handle.pods.patchStatus(victim.pod, { conditions: [condition] });
    await handle.pods.delete(victim.pod);
  }
  handle.event(victim.pod, 'Normal', 'Preempted', `Preempted by pod ${preemptor.uid} on node ${node}`, 'Preempting');
}
